/**
 * How many bytes a value takes up in memory, roughly: what `maxBytes` counts unless the user brings a `sizeOf`.
 * An estimate in one pass without serialising; it must terminate on cyclic values and must never throw.
 */
import { isObject } from "../errors.js";

const OBJECT_BYTES = 32;
const SLOT_BYTES = 8;
const STRING_BYTES = 24;

export function estimateBytes(value: unknown): number {
  const objects = new Set<object>();
  let bytes = 0;
  const count = (member: unknown) => {
    if (isObject(member)) objects.add(member);
    else bytes += typeof member === "string" ? STRING_BYTES + 2 * member.length : SLOT_BYTES;
  };
  count(value);
  // Those added on the way come up, too, each of them once.
  for (const object of objects) {
    bytes += OBJECT_BYTES;
    if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer) bytes += object.byteLength;
    else {
      for (const member of membersOf(object)) {
        bytes += SLOT_BYTES;
        count(member);
      }
    }
  }
  return bytes;
}

function membersOf(object: object): Iterable<unknown> {
  if (object instanceof Map) return [...object].flat();
  // Of an array, too, only what is there: its holes may be billions.
  return object instanceof Set ? object : Object.values(object);
}
