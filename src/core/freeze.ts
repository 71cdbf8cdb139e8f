/**
 * Keeps a cached value from being changed by accident: every later invocation is handed the same object.
 * Freezing costs once, when a value is added, and nothing at a hit; a handler that then mutates a cached object gets a
 * TypeError at that line on the very first run, warm or cold, instead of damaging what the next invocation sees.
 */

/**
 * Freezes plain objects and arrays, all the way down, in place. Instances of classes, Map, Set, Date, Buffer and the
 * like are left as they are: freezing them would either break them or protect nothing. What is already frozen is
 * trusted to be frozen below, too.
 */
export function deepFreeze<T>(value: T): T {
  if (!isFreezable(value)) return value;
  const pending: object[] = [value];
  for (let object = pending.pop(); object !== undefined; object = pending.pop()) {
    Object.freeze(object);
    for (const member of Object.values(object)) {
      if (isFreezable(member)) pending.push(member);
    }
  }
  return value;
}

function isFreezable(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}
