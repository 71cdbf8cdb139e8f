/**
 * What an object holds, found without running any of its code: members with a getter are passed over, and whoever calls
 * this has made sure that the object is no Proxy. All walks over cached values go through here, since code that runs
 * because a value was cached runs twice, at the wrong time, or against a database.
 */
import { isProxy } from "../node.js";

/** Given each member with its name, or its index, and what the caller collects in: a closure for each walk would cost as much. */
type Visit<Into> = (into: Into, value: unknown, name: PropertyKey) => void;

/** Tells a getter five times as fast as a property's descriptor does: a descriptor is an object of its own. */
const { __lookupGetter__: getterOf } = Object.prototype as unknown as {
  __lookupGetter__(this: object, name: PropertyKey): unknown;
};

/** An array of more elements is not always searched for named members: that lists every index, some 40 ns for each. */
const FEW_ELEMENTS = 1_000;
/** And one of more than that never is. */
const MOST_LISTED = 100_000;
/** With more holes than this, and more than elements, only what is there is looked at. */
const MANY_HOLES = 1_000;

/**
 * Calls `visit` with each own member that is plain data.
 * @param isBare the object is known to be an array without named members, if it is one
 */
export function eachMember<Into>(object: object, into: Into, visit: Visit<Into>, isBare = false): void {
  if (Array.isArray(object)) eachElement(object, into, visit, isBare ? FEW_ELEMENTS : MOST_LISTED);
  else for (const name of Object.getOwnPropertyNames(object)) visitData(object, name, into, visit);
  for (const name of Object.getOwnPropertySymbols(object)) visitData(object, name, into, visit);
}

function eachElement<Into>(array: readonly unknown[], into: Into, visit: Visit<Into>, mostListed: number): void {
  const { length } = array;
  let holes = 0;
  for (let index = 0; index < length; index++) {
    if (Object.hasOwn(array, index)) {
      if (getterOf.call(array, index) === undefined) visit(into, array[index], index);
      // There may be billions of them.
    } else if (++holes > MANY_HOLES && holes > index / 2) {
      eachListed(array, index, into, visit);
      return;
    }
  }
  if (length <= mostListed) eachListed(array, length, into, visit);
}

/** What an array holds from this index on, named members included. */
function eachListed<Into>(array: readonly unknown[], from: number, into: Into, visit: Visit<Into>): void {
  const names = Object.keys(array);
  // Indices come before all other names, in their order.
  let first = names.length;
  while (first > 0 && !(indexOf(names[first - 1]) < from)) first--;
  for (const name of names.slice(first)) {
    const index = indexOf(name);
    visitData(array, Number.isNaN(index) ? name : index, into, visit);
  }
}

const MAX_INDEX = 2 ** 32 - 2;

/** NaN of what is none, such as "01", "1.5", "-1" and "". */
function indexOf(name = ""): number {
  const index = Number(name);
  const isIndex = Number.isInteger(index) && index >= 0 && index <= MAX_INDEX && String(index) === name;
  return isIndex ? index : Number.NaN;
}

function visitData<Into>(object: object, name: PropertyKey, into: Into, visit: Visit<Into>): void {
  try {
    if (getterOf.call(object, name) !== undefined) return;
  } catch {
    // An export of a module that is still being loaded: there is nothing to see yet.
    return;
  }
  visit(into, (object as Record<PropertyKey, unknown>)[name], name);
}

/** Whether a copy of its enumerable named members is a copy of all it holds: no getter, no symbol, nothing hidden. */
export function isSimple(object: object): boolean {
  const names = Object.getOwnPropertyNames(object);
  if (Object.keys(object).length !== names.length || Object.getOwnPropertySymbols(object).length > 0) return false;
  for (const name of names) if (getterOf.call(object, name) !== undefined) return false;
  return true;
}

/** What has no behaviour of its own: an object literal or an array. Neither a Proxy nor bytes, whatever their prototype. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null || isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null || Array.isArray(value)) && !ArrayBuffer.isView(value);
}
