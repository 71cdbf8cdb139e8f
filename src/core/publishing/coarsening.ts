/**
 * Says less exactly what has changed, where a log is too dear for so many names: whole sources in place of many ids, and
 * everything in place of many sources. It must never leave out a change: what it returns covers what it was given.
 */

import { parseDataId } from "../data-id.js";
import type { RecordContent } from "../record.js";
import { bytesInList, ENVELOPE_BYTES } from "./batching.js";

export interface PublicationLimits {
  readonly maxRecordBytes: number;
  /** Of all its names together. */
  readonly maxPublicationBytes: number;
}

interface Names {
  readonly texts: string[];
  bytes: number;
  longestBytes: number;
}

/** As it is, where it is short enough. Else the sources with the longest lists of ids go whole, as many as it takes. */
export function coarsened(content: RecordContent, limits: PublicationLimits): RecordContent {
  const { maxPublicationBytes } = limits;
  if (content.all) return content;
  const sources = new Set(content.sources);
  const idsOf = bySource(content.keys);
  let bytes = sum([...sources].map(bytesInList)) + sum([...idsOf.values()].map((ids) => ids.bytes));
  // A source with an id that fits no record goes first, and the longest lists next.
  const fits = ({ longestBytes }: Names) => longestBytes + ENVELOPE_BYTES <= limits.maxRecordBytes;
  const rank = (ids: Names) => (fits(ids) ? ids.bytes : Infinity);
  for (const [source, ids] of [...idsOf].sort(([, a], [, b]) => rank(b) - rank(a))) {
    if (bytes <= maxPublicationBytes && fits(ids)) break;
    bytes += (sources.has(source) ? 0 : bytesInList(source)) - ids.bytes;
    sources.add(source);
    idsOf.delete(source);
  }
  const isTooLong = [...sources].some((source) => bytesInList(source) + ENVELOPE_BYTES > limits.maxRecordBytes);
  if (bytes > maxPublicationBytes || isTooLong) return { keys: [], all: true };
  return { ...content, keys: [...idsOf.values()].flatMap((ids) => ids.texts), sources: [...sources] };
}

function bySource(keys: readonly string[]): Map<string, Names> {
  // In a canonical key all behind the id says the source: one key of each is parsed, and not thousands.
  const byEnding = new Map<string, Names>();
  for (const key of keys) {
    const ending = key.slice(key.indexOf("&"));
    const names = byEnding.get(ending) ?? { texts: [], bytes: 0, longestBytes: 0 };
    names.texts.push(key);
    const bytes = bytesInList(key);
    names.bytes += bytes;
    names.longestBytes = Math.max(names.longestBytes, bytes);
    byEnding.set(ending, names);
  }
  return new Map([...byEnding].map(([ending, names]) => [parseDataId(`id=${ending}`).source, names]));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
