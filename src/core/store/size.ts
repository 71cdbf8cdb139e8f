/**
 * How many bytes a value takes up in memory, roughly: what `maxBytes` counts unless the user brings a `sizeOf`.
 * An estimate in one pass without serialising; it must terminate on cyclic values, must never throw and never run code of
 * the value's. It cannot see into closures, private fields, Proxies and native objects, nor that a short string may be a
 * slice that keeps a long one.
 */
import { isAnyArrayBuffer, isDataView, isMap, isProxy, isSet, isStringObject } from "../node.js";
import { eachMember } from "./members.js";

const OBJECT_BYTES = 32;
const SLOT_BYTES = 8;
const STRING_BYTES = 24;
/** Of a longer array V8 keeps only what is there, under its number: three slots in place of one. */
const LONGEST_WITH_HOLES = 2 ** 25;

/** A walk over one value. */
interface Walk {
  bytes: number;
  readonly enough: number;
  readonly found: object[];
  /** Objects, and the names of members: each is held once, however often it is met. */
  readonly seen: Set<unknown>;
}

/** @param enough it need not count on beyond this */
export function estimateBytes(value: unknown, enough = Infinity): number {
  const walk: Walk = { bytes: 0, enough, found: [], seen: new Set() };
  meet(walk, value);
  // Those found on the way come up, too.
  for (const object of walk.found) {
    if (walk.bytes > enough) break;
    enter(walk, object);
  }
  return walk.bytes;
}

function meet(walk: Walk, value: unknown): void {
  if (typeof value === "object" && value !== null) {
    if (isNew(walk, value)) walk.found.push(value);
  } else
    walk.bytes +=
      typeof value === "string" ? bytesOfText(value) : typeof value === "bigint" ? bytesOfBigInt(value) : SLOT_BYTES;
  if (typeof value === "symbol") meetName(walk, value);
}

function meetName(walk: Walk, name: PropertyKey): void {
  if (isNew(walk, name)) walk.bytes += bytesOfText(typeof name === "symbol" ? (name.description ?? "") : String(name));
}

function meetMember(walk: Walk, member: unknown, name: PropertyKey): void {
  meetName(walk, name);
  meetSlot(walk, member);
}

function meetElement(walk: Walk, member: unknown, name: PropertyKey): void {
  if (typeof name === "number") meet(walk, member);
  else meetMember(walk, member, name);
}

/** An element that stands under its number. */
function meetNumbered(walk: Walk, member: unknown): void {
  walk.bytes += 2 * SLOT_BYTES;
  meetSlot(walk, member);
}

function meetSlot(walk: Walk, member: unknown): void {
  walk.bytes += SLOT_BYTES;
  meet(walk, member);
}

function isNew({ seen }: Walk, thing: unknown): boolean {
  const before = seen.size;
  return seen.add(thing).size > before;
}

function enter(walk: Walk, object: object): void {
  walk.bytes += OBJECT_BYTES;
  if (isProxy(object)) return;
  if (Array.isArray(object)) enterArray(walk, object);
  else if (ArrayBuffer.isView(object)) {
    const buffer = (isDataView(object) ? bufferOfDataView : bufferOfTypedArray).call(object);
    if (isNew(walk, buffer)) walk.bytes += lengthOf(buffer);
  } else if (isAnyArrayBuffer(object)) walk.bytes += lengthOf(object);
  else if (isStringObject(object)) walk.bytes += bytesOfText(textOf.call(object));
  else {
    if (isMap(object)) {
      eachEntry.call(object, (member, key) => {
        meetSlot(walk, key);
        meetSlot(walk, member);
      });
    } else if (isSet(object)) eachOfSet.call(object, (member) => meetSlot(walk, member));
    eachMember(object, walk, meetMember);
  }
}

function enterArray(walk: Walk, array: readonly unknown[]): void {
  const keepsHoles = array.length <= LONGEST_WITH_HOLES;
  if (keepsHoles) walk.bytes += SLOT_BYTES * array.length;
  if (walk.bytes <= walk.enough) eachMember(array, walk, keepsHoles ? meetElement : meetNumbered);
}

function bytesOfText(text: string): number {
  return STRING_BYTES + 2 * text.length;
}

/** Of 64 bits at most, or as many as its digits have: to a base that is a power of two they are written in one pass. */
function bytesOfBigInt(value: bigint): number {
  const isShort = value === BigInt.asIntN(64, value);
  return STRING_BYTES + (isShort ? 0 : Math.ceil((value.toString(32).length * 5) / 8));
}

/** Of a view of our own: a buffer, or its class, may have a length of its own making. */
function lengthOf(buffer: ArrayBufferLike): number {
  try {
    return new DataView(buffer).byteLength;
  } catch {
    // It was given away.
    return 0;
  }
}

// As they are on the prototypes: an instance, or a class, may have others in their place.
const bufferOfDataView = bufferGetter(DataView.prototype);
const bufferOfTypedArray = bufferGetter(Object.getPrototypeOf(Uint8Array.prototype));
const { forEach: eachEntry } = Map.prototype as Map<unknown, unknown>;
const { forEach: eachOfSet } = Set.prototype as Set<unknown>;
const { valueOf: textOf } = String.prototype;

function bufferGetter(prototype: object): (this: ArrayBufferView) => ArrayBufferLike {
  return Object.getOwnPropertyDescriptor(prototype, "buffer")?.get as (this: ArrayBufferView) => ArrayBufferLike;
}
