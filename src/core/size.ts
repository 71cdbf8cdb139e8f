/**
 * How many bytes a value takes up in memory, roughly: what `maxBytes` counts unless the user brings a `sizeOf`.
 * An estimate in one pass without serialising; it must terminate on cyclic values and must never throw.
 */

const OBJECT_BYTES = 32;
const SLOT_BYTES = 8;
const STRING_BYTES = 24;

export function estimateBytes(value: unknown): number {
  const seen = new Set<object>();
  const pending: unknown[] = [value];
  let bytes = 0;
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next === "string") bytes += STRING_BYTES + 2 * next.length;
    else if (typeof next !== "object" || next === null) bytes += SLOT_BYTES;
    else if (!seen.has(next)) {
      seen.add(next);
      bytes += OBJECT_BYTES + pushMembers(next, pending);
    }
  }
  return bytes;
}

/** Queues what an object holds and returns the bytes of the object's own slots or buffer. */
function pushMembers(object: object, pending: unknown[]): number {
  if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer) return object.byteLength;
  if (object instanceof Map) {
    for (const [key, value] of object) pending.push(key, value);
    return 2 * SLOT_BYTES * object.size;
  }
  // Of an array, too, only what is there: spreading one would fill its holes, which may be billions.
  const members = object instanceof Set ? [...object] : Object.values(object);
  for (const member of members) pending.push(member);
  return SLOT_BYTES * members.length;
}
