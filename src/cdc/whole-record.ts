/**
 * All that one record says, in one piece. An environment takes it in parts, to give way to others in between; a relay and a
 * decoder have nothing to do until they know all of it.
 */
import { EVERYTHING } from "../core/changed.js";
import { decodeRecord, type Invalidation, type RecordDecoder } from "../core/record.js";

/** Never throws. */
export function wholeRecord(data: Uint8Array, decode?: RecordDecoder): Invalidation {
  const keys: string[] = [];
  const sources: string[] = [];
  let everything = false;
  for (const part of decodeRecord(data, decode)) {
    // What came before it is in there, too.
    if (part.notUnderstood !== undefined) return { ...EVERYTHING, notUnderstood: part.notUnderstood };
    for (const key of part.keys) keys.push(key);
    for (const source of part.sources) sources.push(source);
    everything ||= part.all;
  }
  return { keys, sources, all: everything };
}
