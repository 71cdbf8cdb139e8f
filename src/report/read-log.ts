/**
 * Reads logs as streams and adds up what is in them; a file of any size takes the same memory.
 * Files ending in `.gz` (as CloudWatch exports to S3 are) are unpacked on the way.
 */

import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { LineScanner } from "./line-scanner.js";
import { Summary } from "./summary.js";

const PIECE_BYTES = 1 << 20;

/** Adds up the lines of any texts, given piece by piece. */
export class LogReader {
  readonly summary = new Summary();
  #lines = 0;
  readonly #scanner = new LineScanner((line) => {
    this.#lines += 1;
    this.summary.add(line);
  });

  /** How many lines of scache there were. */
  get lines(): number {
    return this.#lines;
  }

  get damaged(): number {
    return this.#scanner.damaged;
  }

  add(text: string): void {
    this.#scanner.push(text);
  }

  /** The end of one log: what is unfinished there does not go on in the next. */
  endOfLog(): void {
    this.#scanner.end();
  }

  /** @param advance told of the bytes read, packed as they are */
  async addStream(input: Readable, options: { packed: boolean; advance: (bytes: number) => void }): Promise<void> {
    const decoder = new TextDecoder();
    for await (const piece of options.packed ? unpacked(input, options.advance) : input) {
      if (!options.packed) options.advance((piece as Buffer).length);
      this.add(decoder.decode(piece as Buffer, { stream: true }));
    }
    this.add(decoder.decode());
    this.endOfLog();
  }

  async addFile(path: string, advance: (bytes: number) => void): Promise<void> {
    const input = createReadStream(path, { highWaterMark: PIECE_BYTES });
    await this.addStream(input, { packed: path.endsWith(".gz"), advance });
  }
}

function unpacked(input: Readable, advance: (bytes: number) => void): Readable {
  const output = createGunzip();
  input.on("data", (piece: Buffer) => advance(piece.length));
  // A pipe does not pass errors on: a file that cannot be read must not leave the unpacker waiting.
  input.once("error", (error) => output.destroy(error));
  return input.pipe(output);
}
