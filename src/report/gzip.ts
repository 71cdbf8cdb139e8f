/**
 * Unpacks what is packed with gzip, known by its first bytes and never by a file's name: whole logs, or several one after
 * another, some packed and some not. What comes before a broken place is kept, and the breakage is told.
 *
 * Node's own reader of gzip gives up a whole stream for one bad byte, and takes a plain log behind a packed one for such a
 * byte. So members are taken one at a time here, and the library unpacks only what is inside them.
 */

import * as zlib from "node:zlib";
import { ByteReader } from "./byte-reader.js";

/** The part of a member's head that every member has. */
const HEAD_BYTES = 10;
const TRAILER_BYTES = 8;
/** Names and comments in a head are short; a head longer than this is none. */
const MAX_HEAD_BYTES = 128 * 1024;
/** So little at a time that what it unpacks to fits into memory even where that is a thousand times its size. */
const SLICE_BYTES = 16 * 1024;
/** What is unpacked is handed on in pieces of this size, and never put together: there may be many of a slice. */
const PIECE_BYTES = 64 * 1024;
/** So much of what was taken for packed data is remembered: it may have been the beginning of a plain log behind a cut one. */
const REMEMBERED_BYTES = 64 * 1024;
const MAGIC = Buffer.from([0x1f, 0x8b, 0x08]);
const FLAG = { headChecksum: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

/** Not in every version of Node 20. Without it a member is known to be whole by its length alone. */
const checksum: ((data: Buffer, value: number) => number) | undefined = Reflect.get(zlib, "crc32");

export function isGzip(bytes: Buffer, at = 0): boolean {
  const head = bytes.subarray(at, at + HEAD_BYTES);
  if (head.length < HEAD_BYTES || !head.subarray(0, MAGIC.length).equals(MAGIC)) return false;
  const [flags = 0, level = 0, system = 0] = [head[3], head[8], head[9]];
  return (flags & FLAG.reserved) === 0 && [0, 2, 4].includes(level) && (system <= 13 || system === 255);
}

/** One layer taken off: what was packed is unpacked, the rest is as it was. @param say told what could not be unpacked */
export async function* gunzipped(
  source: AsyncIterable<Buffer>,
  say: (problem: string) => void,
): AsyncGenerator<Buffer> {
  const reader = new ByteReader(source);
  for (;;) {
    const head = await reader.peek(HEAD_BYTES);
    if (head.length === 0) return;
    if (!isGzip(head)) yield* untilGzip(reader);
    else {
      // Behind a broken place comes what nobody can unpack. It does no harm as text, and a plain log may stand behind it.
      const problem = yield* member(reader);
      if (problem !== undefined) say(problem);
    }
  }
}

/** What is not packed, up to the next packed member or the end. */
async function* untilGzip(reader: ByteReader): AsyncGenerator<Buffer> {
  for (;;) {
    const bytes = await reader.take(HEAD_BYTES);
    if (bytes.length === 0) return;
    let next = bytes.indexOf(MAGIC);
    while (next >= 0 && !isGzip(bytes, next) && next <= bytes.length - HEAD_BYTES)
      next = bytes.indexOf(MAGIC, next + 1);
    if (next >= 0 && isGzip(bytes, next)) {
      yield bytes.subarray(0, next);
      reader.giveBack(bytes.subarray(next));
      return;
    }
    // One may begin in the last bytes and go on in the next piece.
    const tail = bytes.length < HEAD_BYTES ? -1 : bytes.indexOf(MAGIC[0] ?? 0, bytes.length - HEAD_BYTES + 1);
    yield tail < 0 ? bytes : bytes.subarray(0, tail);
    if (tail >= 0) reader.giveBack(bytes.subarray(tail));
  }
}

/** The content of the member that begins here; returns what is wrong with it, if anything is. */
async function* member(reader: ByteReader): AsyncGenerator<Buffer, string | undefined> {
  // A head without an end is passed over byte by byte: it may only have looked like one.
  const length = await headLength(reader);
  await takeExactly(reader, length ?? 1);
  if (length === undefined) return "its packed data ends early";
  const engine = new Inflater();
  let sum = 0;
  let size = 0;
  let before: Buffer = Buffer.alloc(0);
  while (!engine.ended) {
    const packed = await reader.take(1);
    if (packed.length === 0) {
      // A plain log behind a cut one may have passed for its rest.
      reader.giveBack(textAtEnd(before));
      return "its packed data ends early";
    }
    const slice = packed.subarray(0, SLICE_BYTES);
    const { pieces, used } = await engine.inflate(slice);
    reader.giveBack(packed.subarray(used));
    for (const piece of pieces) {
      sum = checksum?.(piece, sum) ?? 0;
      size = (size + piece.length) % 2 ** 32;
      yield piece;
    }
    if (engine.failed) {
      reader.giveBack(textAtEnd(before));
      return "its packed data is damaged";
    }
    before = Buffer.concat([before, slice]).subarray(-REMEMBERED_BYTES);
  }
  return trailerProblem(await takeExactly(reader, TRAILER_BYTES), sum, size);
}

function textAtEnd(bytes: Buffer): Buffer {
  const isText = (byte = 0) => (byte >= 0x20 && byte !== 0x7f) || (byte >= 0x09 && byte <= 0x0d);
  let start = bytes.length;
  while (start > 0 && isText(bytes[start - 1])) start -= 1;
  // So many bytes of packed data are never text by accident.
  return bytes.subarray(bytes.length - start < 256 ? bytes.length : start);
}

function trailerProblem(trailer: Buffer, sum: number, size: number): string | undefined {
  if (trailer.length < TRAILER_BYTES) return "its packed data ends early";
  const isWhole = trailer.readUInt32LE(4) === size && (checksum === undefined || trailer.readUInt32LE(0) === sum);
  return isWhole ? undefined : "its packed data is damaged: the checksum is another";
}

async function takeExactly(reader: ByteReader, length: number): Promise<Buffer> {
  const bytes = await reader.take(length);
  reader.giveBack(bytes.subarray(length));
  return bytes.subarray(0, length);
}

/** undefined where the head does not end. */
async function headLength(reader: ByteReader): Promise<number | undefined> {
  for (let known = 512; ; known *= 4) {
    const bytes = await reader.peek(known);
    const length = headEnd(bytes);
    if (length !== undefined) return length;
    if (bytes.length < known || known > MAX_HEAD_BYTES) return undefined;
  }
}

function headEnd(bytes: Buffer): number | undefined {
  const flags = bytes[3] ?? 0;
  let at = HEAD_BYTES;
  if ((flags & FLAG.extra) !== 0) at += bytes.length < at + 2 ? 2 : 2 + bytes.readUInt16LE(at);
  for (const flag of [FLAG.name, FLAG.comment]) {
    if ((flags & flag) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return undefined;
    at = end + 1;
  }
  if ((flags & FLAG.headChecksum) !== 0) at += 2;
  return at <= bytes.length ? at : undefined;
}

/** Node's unpacker, one slice at a time, so that all that was unpacked before a failure is had. */
class Inflater {
  readonly #engine = zlib.createInflateRaw({ chunkSize: PIECE_BYTES });
  #pieces: Buffer[] = [];
  ended = false;
  failed = false;
  #goOn: () => void = () => undefined;

  constructor() {
    const collect = () => {
      for (let piece = this.#engine.read(); piece !== null; piece = this.#engine.read()) this.#pieces.push(piece);
    };
    this.#engine.on("readable", collect);
    this.#engine.on("end", () => {
      this.ended = true;
    });
    this.#engine.on("error", () => {
      this.failed = true;
      // A write that fails does not call back.
      this.#goOn();
    });
  }

  async inflate(slice: Buffer): Promise<{ pieces: readonly Buffer[]; used: number }> {
    const before = this.#engine.bytesWritten;
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
      this.#engine.write(slice, () => resolve());
    });
    // What is still on its way to the reader's end: events come a turn later.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.ended || this.failed) this.#engine.destroy();
    // Nobody knows how far it came in a slice that it failed in: what follows may be a log that is not packed.
    const used = this.failed ? 0 : this.#engine.bytesWritten - before;
    const pieces = this.#pieces;
    this.#pieces = [];
    return { pieces, used };
  }
}
