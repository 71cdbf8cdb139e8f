/**
 * Reads logs as streams and adds up what is in them; a file of any size takes the same memory. Every log is read as far as
 * it can be: what could not be read of it is kept beside what could, so that a report can say so.
 */

import { createReadStream } from "node:fs";
import { isGzip } from "./gzip.js";
import { LineScanner } from "./line-scanner.js";
import { SeenLines } from "./seen-lines.js";
import { Summary } from "./summary.js";
import { LogTextDecoder } from "./text-decoder.js";
import { Tidier } from "./tidy.js";
import { type Notes, unpacked } from "./unpack.js";

const PIECE_BYTES = 1 << 20;
/** Of a text, so many of the first characters are looked at, and no more than so many of a hundred may be none. */
const SAMPLE = 4_096;
const MAX_GARBAGE_PERCENT = 10;
const GARBAGE = /[\u{fffd}\p{Cc}]/gu;
const WHITE_SPACE = /\s+/gu;
/** Packed and written as base64, as a subscription to a log group sends its records. */
const PACKED_IN_TEXT = '"H4sI';

const NOT_PACKED = "its name ends in .gz, but it has no gzip header";

/** What was found in one log. */
export interface LogFindings {
  /** Lines of scache, also those that other logs or this one held before. */
  readonly lines: number;
  readonly repeated: number;
  /** Lines that could not be read, or not in full. */
  readonly damaged: number;
  /** What else could not be read of it, each the end of a sentence about the log. */
  readonly problems: readonly string[];
}

/** One log while it is read. */
interface OpenLog {
  lines: number;
  repeated: number;
  readonly scanner: LineScanner;
  readonly tidier: Tidier;
  readonly problems: Set<string>;
  readonly hints: Set<string>;
}

/** Adds up the lines of any texts, given piece by piece. */
export class LogReader {
  readonly summary = new Summary();
  readonly #seen = new SeenLines();
  #damaged = 0;
  #log = this.#open();

  /** Lines that could not be read, in all logs so far. */
  get damaged(): number {
    return this.#damaged + this.#log.scanner.damaged;
  }

  add(text: string): void {
    const { lines, tidier, scanner, hints } = this.#log;
    scanner.push(tidier.push(text));
    if (lines === 0 && text.includes(PACKED_IN_TEXT)) hints.add("it holds packed data as base64, which is not read");
  }

  /** The end of one log: what is unfinished there does not go on in the next. */
  endOfLog(): LogFindings {
    const { scanner, tidier, problems, hints } = this.#log;
    scanner.push(tidier.end());
    scanner.end();
    const { lines, repeated } = this.#log;
    if (scanner.mentionsOurs) hints.add("it names figures of scache, but holds no whole line: export whole messages");
    if (lines + scanner.damaged + problems.size === 0) for (const hint of hints) problems.add(hint);
    this.#damaged += scanner.damaged;
    this.#log = this.#open();
    return { lines, repeated, damaged: scanner.damaged, problems: [...problems] };
  }

  /**
   * Reads one log to its end, or to where it cannot be read any further. Never rejects.
   * @param advance told of the bytes read, packed as they are
   */
  async addStream(
    input: AsyncIterable<Buffer>,
    advance: (bytes: number) => void,
    options: { readonly namedPacked?: boolean } = {},
  ): Promise<LogFindings> {
    const { problems, hints } = this.#log;
    const notes = { problem: (text: string) => problems.add(text), hint: (text: string) => hints.add(text) };
    const decoder = new LogTextDecoder();
    let isFirst = true;
    const counted = (bytes: Buffer) => {
      advance(bytes.length);
      if (isFirst && options.namedPacked === true && !isGzip(bytes)) notes.hint(NOT_PACKED);
    };
    for await (const bytes of unpacked(readable(input, counted, notes), notes)) {
      const text = decoder.push(bytes);
      if (isFirst && isGarbage(text)) notes.hint("it is not text");
      isFirst = false;
      this.add(text);
    }
    this.add(decoder.end());
    return this.endOfLog();
  }

  async addFile(path: string, advance: (bytes: number) => void): Promise<LogFindings> {
    const input = createReadStream(path, { highWaterMark: PIECE_BYTES });
    return this.addStream(input, advance, { namedPacked: path.toLowerCase().endsWith(".gz") });
  }

  #open(): OpenLog {
    const log: OpenLog = {
      lines: 0,
      repeated: 0,
      scanner: new LineScanner((line) => {
        log.lines += 1;
        if (this.#seen.isRepeated(line)) log.repeated += 1;
        else this.summary.add(line);
      }),
      tidier: new Tidier(),
      problems: new Set(),
      hints: new Set(),
    };
    return log;
  }
}

function isGarbage(text: string): boolean {
  const sample = text.slice(0, SAMPLE).replace(WHITE_SPACE, "");
  return (sample.match(GARBAGE)?.length ?? 0) * 100 > sample.length * MAX_GARBAGE_PERCENT;
}

/** Ends where the input fails, so that what came before is unpacked and read to its end. */
async function* readable(
  input: AsyncIterable<Buffer>,
  counted: (bytes: Buffer) => void,
  notes: Notes,
): AsyncGenerator<Buffer> {
  try {
    for await (const bytes of input) {
      counted(bytes);
      yield bytes;
    }
  } catch (error) {
    notes.problem(`it could not be read: ${String(Reflect.get(Object(error), "message") ?? error)}`);
  }
}
