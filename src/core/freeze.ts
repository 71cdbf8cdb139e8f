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
  const objects = [value as unknown].filter(isFreezable);
  // Those added on the way come up, too.
  for (const object of objects) {
    Object.freeze(object);
    for (const member of Object.values(object)) {
      if (isFreezable(member)) objects.push(member);
    }
  }
  return value;
}

function isFreezable(value: unknown): value is object {
  // Whatever is no object, null included, counts as frozen.
  if (typeof value !== "object" || Object.isFrozen(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}
