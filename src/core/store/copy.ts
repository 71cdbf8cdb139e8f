/**
 * Copies a cached value, so that whoever is handed the copy may change it: for handlers that do, and whose code was not
 * compiled under "use strict" and would not be told (see freeze.ts). At every hit it costs what there is to copy; it is
 * several times as fast as `structuredClone`, which also loses classes and rejects functions. It must never run code of
 * the value's.
 */
import { isDate, isMap, isProxy, isSet } from "../node.js";
import { eachMember, isPlain, isSimple } from "./members.js";

/** Stands for each object its copy, the same one each time, and for anything else itself. */
type Stand = (value: unknown) => unknown;

/** An object's copy, and how its members come into it; undefined for one that is not copied. */
type Begun = readonly [copy: object, fill: (stand: Stand) => void] | undefined;

/**
 * A copy of plain objects, arrays, Map, Set and Date, all the way down, frozen nowhere. Everything else is in it as it
 * is: instances of classes, Proxies, functions, and bytes (Buffer, typed arrays), which may be many.
 */
export function deepCopy<T>(value: T): T {
  const copies = new Map<object, object>();
  const unfilled: ((stand: Stand) => void)[] = [];
  const stand: Stand = (original) => {
    if (typeof original !== "object" || original === null) return original;
    const present = copies.get(original);
    if (present !== undefined) return present;
    const begun = begin(original);
    if (begun === undefined) return original;
    copies.set(original, begun[0]);
    unfilled.push(begun[1]);
    return begun[0];
  };
  const copy = stand(value);
  // Those begun on the way come up, too: no depth is too much, and a cycle ends at the copy that is there.
  for (const fill of unfilled) fill(stand);
  return copy as T;
}

function begin(original: object): Begun {
  if (isPlain(original)) return Array.isArray(original) ? beginArray(original) : beginObject(original);
  if (isProxy(original)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(original);
  if (prototype === Date.prototype && isDate(original)) return [new Date(timeOf.call(original)), nothing];
  if (prototype === Map.prototype && isMap(original)) return beginMap(original);
  if (prototype === Set.prototype && isSet(original)) return beginSet(original);
  return undefined;
}

function beginObject(original: object): Begun {
  const isBare = Object.getPrototypeOf(original) === null;
  if (!isSimple(original)) {
    const copy = isBare ? Object.create(null) : {};
    return [copy, (stand) => Object.defineProperties(copy, ownProperties(original, stand))];
  }
  const copy: Record<string, unknown> = isBare ? Object.assign(Object.create(null), original) : { ...original };
  return [copy, (stand) => standIn(copy, stand)];
}

function standIn(copy: Record<string, unknown>, stand: Stand): void {
  for (const name of Object.keys(copy)) {
    const member = copy[name];
    if (typeof member === "object" && member !== null) copy[name] = stand(member);
  }
}

/** With getters as they are, and nothing that would keep the copy from being changed. */
function ownProperties(original: object, stand: Stand): PropertyDescriptorMap {
  const properties: PropertyDescriptorMap & ThisType<unknown> = Object.getOwnPropertyDescriptors(original);
  for (const name of Reflect.ownKeys(properties)) {
    const property = properties[name as string] as PropertyDescriptor;
    property.configurable = true;
    if (!("value" in property)) continue;
    property.value = stand(property.value);
    property.writable = true;
  }
  return properties;
}

function beginArray(original: readonly unknown[]): Begun {
  const copy: unknown[] = [];
  const prototype: object | null = Object.getPrototypeOf(original);
  if (prototype !== Array.prototype) Object.setPrototypeOf(copy, prototype);
  const fill = (stand: Stand) => {
    eachMember(original, copy, (_, member, name) => {
      if (typeof name === "number") copy[name] = stand(member);
      else Object.defineProperty(copy, name, { ...OPEN, value: stand(member) });
    });
    // Holes at its end.
    copy.length = original.length;
  };
  return [copy, fill];
}

function beginMap(original: ReadonlyMap<unknown, unknown>): Begun {
  const copy = new Map<unknown, unknown>();
  return [copy, (stand) => eachEntry.call(original, (value, key) => copy.set(stand(key), stand(value)))];
}

function beginSet(original: ReadonlySet<unknown>): Begun {
  const copy = new Set<unknown>();
  return [copy, (stand) => eachOfSet.call(original, (member) => copy.add(stand(member)))];
}

const OPEN = { writable: true, enumerable: true, configurable: true } as const;
const nothing = () => undefined;
// As they were before anybody could put others in their place.
const { forEach: eachEntry } = Map.prototype as Map<unknown, unknown>;
const { forEach: eachOfSet } = Set.prototype as Set<unknown>;
const { getTime: timeOf } = Date.prototype;
