/**
 * Tokens, which name records that were written: the last sequence number of each shard. They come back from browsers, so
 * anything may stand in one: what is not understood names nothing, which no reader has read.
 */

import type { SequenceRange } from "./cursor.js";

/** For a cookie. */
const MAX_TOKEN_BYTES = 1_024;
/** Names nothing, so whoever is shown it makes a reading. */
const READ = "read";

type Places = ReadonlyMap<string, string>;

/** Where one record was written. */
export function placeOf(shardId: string, sequenceNumber: string): string {
  return `${shardId}/${sequenceNumber}`;
}

/** Names these places in the stream of that name. */
export function tokenOf(streamName: string, written: readonly string[]): string {
  const last = new Map<string, string>();
  for (const place of written) {
    const [shardId = "", sequenceNumber = ""] = place.split("/");
    // Of a double. What was written is written, whatever it is called.
    if (!isSequenceNumber(sequenceNumber)) return READ;
    if (isLater(sequenceNumber, last.get(shardId))) last.set(shardId, sequenceNumber);
  }
  const token = Buffer.from(JSON.stringify([streamName, ...last])).toString("base64url");
  return token.length <= MAX_TOKEN_BYTES ? token : READ;
}

/** Undefined for what is no token of this stream. */
export function readToken(token: string, streamName: string): Places | undefined {
  if (token.length > MAX_TOKEN_BYTES) return undefined;
  try {
    const [name, ...places]: unknown[] = JSON.parse(Buffer.from(token, "base64url").toString());
    return name === streamName && places.every(isPlace) ? new Map(places) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether all of them were read. What lies before the first record read may be of another stream of that name, which was
 * deleted since: that is not known.
 * @param read what was read of a shard, if anything
 */
export function isCovered(places: Places | undefined, read: (shardId: string) => SequenceRange | undefined): boolean {
  if (places === undefined) return false;
  return [...places].every(([shardId, sequenceNumber]) => {
    const range = read(shardId);
    if (range === undefined || ![range.first, range.last].every(isSequenceNumber)) return false;
    return !isLater(range.first, sequenceNumber) && !isLater(sequenceNumber, range.last);
  });
}

function isPlace(place: unknown): place is [string, string] {
  if (!Array.isArray(place) || place.length !== 2) return false;
  const [shardId, sequenceNumber] = place;
  return typeof shardId === "string" && isSequenceNumber(sequenceNumber);
}

function isSequenceNumber(value: unknown): value is string {
  return typeof value === "string" && /^\d{1,128}$/.test(value);
}

/** They have some 56 digits: more than a number can hold. */
function isLater(sequenceNumber: string, than: string | undefined): boolean {
  return than === undefined || BigInt(sequenceNumber) > BigInt(than);
}
