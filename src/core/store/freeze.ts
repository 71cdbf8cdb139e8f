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
  const members: unknown[] = [value];
  // Those added on the way come up, too. What is reached by several ways is frozen by then, and walked once: there may
  // be 2^depth ways.
  for (const member of members) {
    if (!isFreezable(member)) continue;
    Object.freeze(member);
    for (const inner of Object.values(member)) members.push(inner);
  }
  return value;
}

function isFreezable(value: unknown): value is object {
  // Whatever is no object, null included, counts as frozen.
  if (typeof value !== "object" || Object.isFrozen(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}
