/**
 * Whether two values that one loader returned say the same: all the way down, the order of names aside. It exists for the
 * audit, and so it must never run the values' own code (getters, traps, `toJSON`, iterators), nor call anything different
 * that it cannot look into: then it says so instead.
 */
import { isDate, isMap, isProxy, isSet } from "../node.js";
import { eachMember } from "../store/members.js";

export type Comparison = "same" | "different" | "incomparable";

/** A pair that takes more steps than this would hold the event loop: it is not compared. */
const MAX_STEPS = 100_000;

type Pair = readonly [one: unknown, other: unknown];

export function compare(one: unknown, other: unknown): Comparison {
  const pairs: Pair[] = [[one, other]];
  /** What each object was compared with: values may hold themselves. */
  const met = new Map<object, object>();
  let isDifferent = false;
  let steps = 0;
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    if (++steps > MAX_STEPS) return "incomparable";
    const [a, b] = pair;
    // Even the same function or Proxy may do another thing by now.
    if (isOpaque(a) || isOpaque(b)) return "incomparable";
    if (Object.is(a, b)) continue;
    if (!isObject(a) || !isObject(b)) isDifferent = true;
    else if (met.get(a) !== b) {
      met.set(a, b);
      const found = compareObjects(a, b, pairs);
      if (found === "incomparable") return found;
      if (found === "different") isDifferent = true;
    }
    // All the same the rest is looked at: something in it may be incomparable, and then nothing is known.
  }
  return isDifferent ? "different" : "same";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isOpaque(value: unknown): boolean {
  return typeof value === "function" || (isObject(value) && isProxy(value));
}

/** What the two are by themselves; what they hold goes to `pairs`. */
function compareObjects(a: object, b: object, pairs: Pair[]): Comparison {
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return "incomparable";
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return sameBytes(a, b) ? "same" : "different";
  const times = [timeOf(a), timeOf(b)];
  if (times[0] !== undefined || times[1] !== undefined) return Object.is(times[0], times[1]) ? "same" : "different";
  const inside = [collected(a), collected(b)] as const;
  if (inside[0] !== undefined || inside[1] !== undefined) return pairUp(inside[0], inside[1], pairs);
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return "different";
  // Under names: whatever else an object keeps, in private fields or natively, is not to be seen.
  pairUp(membersOf(a), membersOf(b), pairs);
  return "same";
}

function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const bytes = (view: ArrayBufferView) => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  return Buffer.compare(bytes(a), bytes(b)) === 0;
}

/** Undefined for what is no Date. The built-in method is called, whatever an instance has in its place. */
function timeOf(object: object): number | undefined {
  return isDate(object) ? Date.prototype.getTime.call(object) : undefined;
}

/** What a Map or Set holds; undefined for anything else. */
function collected(object: object): Map<unknown, unknown> | undefined {
  if (!isMap(object) && !isSet(object)) return undefined;
  const held = new Map<unknown, unknown>();
  if (isMap(object)) Map.prototype.forEach.call(object, (value, key) => held.set(key, value));
  else Set.prototype.forEach.call(object, (key) => held.set(key, undefined));
  return held;
}

function membersOf(object: object): Map<unknown, unknown> {
  const members = new Map<unknown, unknown>();
  eachMember(object, members, (into, value, name) => into.set(name, value));
  return members;
}

/** Pairs what is held under the same key; a key that is an object has no equal to be paired with. */
function pairUp(
  one: Map<unknown, unknown> | undefined,
  other: Map<unknown, unknown> | undefined,
  pairs: Pair[],
): Comparison {
  if (one === undefined || other === undefined) return "incomparable";
  for (const key of [...one.keys(), ...other.keys()]) if (isObject(key) || isOpaque(key)) return "incomparable";
  for (const [key, value] of one) pairs.push([value, other.has(key) ? other.get(key) : ABSENT]);
  for (const key of other.keys()) if (!one.has(key)) pairs.push([ABSENT, undefined]);
  return "same";
}

/** Equal to nothing a value can hold. */
const ABSENT = Symbol("absent");
