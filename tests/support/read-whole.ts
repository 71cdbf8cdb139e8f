/** All that a record says, in one piece: the parts that `decodeRecord` yields, put together. */
import { NOTHING } from "../../src/core/changed.js";
import { decodeRecord, type Invalidation, type RecordDecoder } from "../../src/core/record.js";

export function readWhole(data: Uint8Array, decode?: RecordDecoder): Invalidation {
  let whole: Invalidation = NOTHING;
  for (const part of decodeRecord(data, decode)) {
    // Not understood after all: then nothing of it counts but that.
    if (part.notUnderstood !== undefined) return part;
    whole = {
      keys: [...whole.keys, ...part.keys],
      sources: [...whole.sources, ...part.sources],
      all: whole.all || part.all,
    };
  }
  return whole;
}
