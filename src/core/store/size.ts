/**
 * How many bytes a value takes up in memory, roughly: what `maxBytes` counts unless the user brings a `sizeOf`.
 * An estimate in one pass without serialising; it must terminate on cyclic values and must never throw.
 */
import { isObject } from "../../errors.js";

export function estimateBytes(value: unknown): number {
  const OBJECT_BYTES = 32;
  const SLOT_BYTES = 8;
  const STRING_BYTES = 24;
  const seen = new Set<unknown>();
  const found = [value];
  let bytes = 0;
  // What is found on the way comes up, too.
  for (const next of found) {
    if (typeof next === "string") bytes += STRING_BYTES + 2 * next.length;
    else if (!isObject(next)) bytes += SLOT_BYTES;
    else if (!seen.has(next)) {
      seen.add(next);
      bytes += OBJECT_BYTES;
      if (ArrayBuffer.isView(next) || next instanceof ArrayBuffer) bytes += next.byteLength;
      else {
        for (const member of membersOf(next)) {
          bytes += SLOT_BYTES;
          found.push(member);
        }
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
