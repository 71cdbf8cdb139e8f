/**
 * Keeps a cached value from being changed by accident: every later invocation is handed the same object.
 * Freezing costs once, when a value is added, and nothing at a hit. What a handler gets for trying to change a frozen object
 * depends on how its code was compiled: under "use strict", as in ES modules and classes, a TypeError at that line, on the
 * very first run, warm or cold; without it, the default of plain JavaScript and of bundlers that make CommonJS of it, nothing at
 * all, and the change is silently lost. Those handlers are better served by copies (copy.ts).
 */
import { eachMember, isPlain } from "./members.js";

/** Smaller values are walked again as quickly as they are looked up here. */
const WORTH_REMEMBERING = 64;
/** Values known to be frozen all the way down: what was cached before is not walked again. */
const frozen = new WeakSet<object>();

/**
 * Freezes plain objects and arrays, all the way down, in place; below those that were frozen before, too. Instances of
 * classes, Map, Set, Date, Buffer, Proxies and the like are left as they are: freezing them would either break them or
 * protect nothing. So is what cannot be frozen, such as a module; what it holds is walked. No code of the value's runs.
 */
export function deepFreeze<T>(value: T): T {
  const found: unknown[] = [value];
  /** Those that freezing does not mark as done. */
  let walked: Set<object> | undefined;
  // Those found on the way come up, too. What is reached by several ways is walked twice at most: there may be 2^depth ways.
  for (const member of found) {
    if (!isPlain(member) || walked?.has(member)) continue;
    if (Object.isFrozen(member) || !freezeAlone(member)) {
      if (frozen.has(member)) continue;
      walked ??= new Set();
      walked.add(member);
    }
    eachMember(member, found, collectObject);
  }
  if (found.length > WORTH_REMEMBERING && isPlain(value)) frozen.add(value);
  return value;
}

function collectObject(found: unknown[], member: unknown): void {
  if (typeof member === "object" && member !== null) found.push(member);
}

function freezeAlone(object: object): boolean {
  try {
    Object.freeze(object);
    return true;
  } catch {
    return false;
  }
}
