/**
 * From the bytes of a file to the bytes of the log in it: what is packed is unpacked, also several times over (an export
 * of CloudWatch that was packed once more on its way), and what is packed in a way that nothing here reads is named.
 */

import { ByteReader } from "./byte-reader.js";
import { gunzipped, isGzip } from "./gzip.js";

const MAX_LAYERS = 4;
const HEAD_BYTES = 16;

/** By the first bytes. A log in text begins with none of them. */
const FOREIGN: readonly (readonly [head: readonly number[], name: string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], "a zip archive"],
  [[0x50, 0x4b, 0x05, 0x06], "a zip archive"],
  [[0x28, 0xb5, 0x2f, 0xfd], "packed with zstd"],
  [[0x42, 0x5a, 0x68], "packed with bzip2"],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "packed with xz"],
  [[0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "a 7z archive"],
  [[0x04, 0x22, 0x4d, 0x18], "packed with lz4"],
  [[0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50], "packed with snappy"],
  [[0x78, 0x9c], "packed with zlib"],
  [[0x78, 0xda], "packed with zlib"],
  [[0x1f, 0x9d], "packed with compress"],
  [[0x50, 0x41, 0x52, 0x31], "a Parquet file"],
  [[0xff, 0xfe, 0x00, 0x00], "text in UTF-32"],
  [[0x00, 0x00, 0xfe, 0xff], "text in UTF-32"],
];

/** Told of what could not be read of a log; each is the end of a sentence about it. */
export interface Notes {
  problem(text: string): void;
  /** What may be the reason, if nothing is found in the log. */
  hint(text: string): void;
}

export async function* unpacked(source: AsyncIterable<Buffer>, notes: Notes): AsyncGenerator<Buffer> {
  let layers = source;
  for (let layer = 0; layer < MAX_LAYERS; layer += 1) layers = gunzipped(layers, notes.problem);
  const reader = new ByteReader(layers);
  const foreign = foreignName(await reader.peek(HEAD_BYTES));
  if (foreign !== undefined) {
    notes.problem(`it is ${foreign}: unpack it first`);
    return;
  }
  for (let bytes = await reader.take(1); bytes.length > 0; bytes = await reader.take(1)) yield bytes;
}

function foreignName(head: Buffer): string | undefined {
  if (isGzip(head)) return `packed more than ${MAX_LAYERS} times`;
  return FOREIGN.find(([first]) => first.every((byte, at) => head[at] === byte))?.[1];
}
