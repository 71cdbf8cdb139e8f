/**
 * Copies a cached value, so that whoever is handed the copy may change it: for handlers that do, and whose code was not
 * compiled under "use strict" and would not be told (see freeze.ts). At every hit it costs what there is to copy: of a small
 * object a third of what `structuredClone` costs, of a large one about as much (`npm run bench:freeze`). That one loses classes,
 * rejects functions and runs getters; this must never run code of the value's.
 */
import { isDate, isMap, isProxy, isSet } from "../node.js";
import { eachMember, isSimple } from "./members.js";

/** Copies made, and those of them whose members are still to come, each after its original. */
interface Copying {
  readonly root: object;
  readonly rootCopy: object;
  /** The original is a copy of ours. */
  readonly isOurs: boolean;
  /** Those but the root's, which is often the only one. */
  others: Map<object, object> | undefined;
  readonly unfilled: [original: object, copy: object][];
}

/** Arrays in copies made here that have named members. To look for these in all others takes as long as to copy them. */
const arraysWithNames = new WeakSet<object>();

/** The same as `deepCopy`, of what that has returned and nobody has changed since. */
export function copyAgain<T>(kept: T): T {
  return copyOf(kept, true);
}

/**
 * A copy of plain objects, arrays, Map, Set and Date, all the way down, frozen nowhere. Everything else is in it as it
 * is: instances of classes, Proxies, functions, and bytes (Buffer, typed arrays), which may be many.
 */
export function deepCopy<T>(value: T): T {
  return copyOf(value, false);
}

function copyOf<T>(value: T, isOurs: boolean): T {
  if (typeof value !== "object" || value === null) return value;
  const rootCopy = emptyCopy(value);
  if (rootCopy === undefined) return value;
  const copying: Copying = { root: value, rootCopy, isOurs, others: undefined, unfilled: [] };
  fill(copying, value, rootCopy);
  // Those met on the way come up, too: no depth is too much, and a cycle ends at the copy that is there.
  for (const [original, copy] of copying.unfilled) fill(copying, original, copy);
  return rootCopy as T;
}

/** What stands for a member in a copy: the same copy each time it is met, or itself. */
function stand(copying: Copying, member: unknown): unknown {
  if (typeof member !== "object" || member === null) return member;
  if (member === copying.root) return copying.rootCopy;
  const present = copying.others?.get(member);
  if (present !== undefined) return present;
  const copy = emptyCopy(member);
  if (copy === undefined) return member;
  copying.others ??= new Map();
  copying.others.set(member, copy);
  copying.unfilled.push([member, copy]);
  return copy;
}

/** A copy without its members; undefined of what is not copied. */
function emptyCopy(original: object): object | undefined {
  if (isProxy(original)) return undefined;
  const prototype: object | null = Object.getPrototypeOf(original);
  if (Array.isArray(original)) return prototype === Array.prototype ? [] : Object.setPrototypeOf([], prototype);
  if (prototype === Date.prototype && isDate(original)) return new Date(timeOf.call(original));
  if (prototype === Map.prototype && isMap(original)) return new Map();
  if (prototype === Set.prototype && isSet(original)) return new Set();
  if (ArrayBuffer.isView(original)) return undefined;
  if (prototype === null) return Object.create(null);
  return prototype === Object.prototype ? {} : undefined;
}

function fill(copying: Copying, original: object, copy: object): void {
  if (Array.isArray(copy)) fillArray(copying, original as readonly unknown[], copy);
  else if (copy instanceof Map) {
    eachEntry.call(original, (value, key) => copy.set(stand(copying, key), stand(copying, value)));
  } else if (copy instanceof Set) eachOfSet.call(original, (member) => copy.add(stand(copying, member)));
  else if (isSimple(original)) fillSimple(copying, original, copy as Record<string, unknown>);
  else Object.defineProperties(copy, ownProperties(copying, original));
}

function fillSimple(copying: Copying, original: object, copy: Record<string, unknown>): void {
  for (const name of Object.keys(original)) {
    const member = stand(copying, (original as Record<string, unknown>)[name]);
    if (name === "__proto__") Object.defineProperty(copy, name, { ...OPEN, value: member });
    else copy[name] = member;
  }
}

/** With getters as they are, and nothing that would keep the copy from being changed. */
function ownProperties(copying: Copying, original: object): PropertyDescriptorMap {
  const properties = Object.getOwnPropertyDescriptors(original) as PropertyDescriptorMap;
  for (const name of Reflect.ownKeys(properties)) {
    const property = properties[name as string] as PropertyDescriptor;
    property.configurable = true;
    if (!("value" in property)) continue;
    property.value = stand(copying, property.value);
    property.writable = true;
  }
  return properties;
}

function fillArray(copying: Copying, original: readonly unknown[], copy: unknown[]): void {
  const visit = (_: unknown, member: unknown, name: PropertyKey) => {
    const value = stand(copying, member);
    if (typeof name === "number") copy[name] = value;
    else {
      Object.defineProperty(copy, name, { ...OPEN, value });
      arraysWithNames.add(copy);
    }
  };
  eachMember(original, copy, visit, copying.isOurs && !arraysWithNames.has(original));
  // Holes at its end.
  copy.length = original.length;
}

const OPEN = { writable: true, enumerable: true, configurable: true } as const;
// As they were before anybody could put others in their place.
const { forEach: eachEntry } = Map.prototype as Map<unknown, unknown>;
const { forEach: eachOfSet } = Set.prototype as Set<unknown>;
const { getTime: timeOf } = Date.prototype;
