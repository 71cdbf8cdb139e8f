/**
 * The port to an invalidation log: where invalidations are written, and where every environment reads those of the others.
 * A log moves opaque records; the core knows what they mean. Decoding, slicing, deadlines, the call repeated once and the
 * abort at the end belong to the core; a log owns its place, its calls and the classification of its failures.
 * Each log lives in a room of its own beside the core, which knows none of them; one contract suite holds them all.
 */
import type { RecordContent } from "./record.js";

export interface InvalidationLog {
  /** As metrics name it: `users`, `my-table/users`. */
  readonly name: string;
  /** As a message names it: `stream "users"`. */
  readonly label: string;
  /** For how long what is written can be read, at least. Bounds `maxGapMs`. */
  readonly keepsMs: number;
  /** Records are filled up to this many bytes. */
  readonly recordBytes: number;
  /** A record of more bytes cannot be written. */
  readonly maxRecordBytes: number;
  /** Whether records say when they were published. Nobody here needs to know; where each byte of one is paid for, they do not. */
  readonly stampsRecords: boolean;

  /**
   * One attempt to write these records: the fate of each, in their order. Never rejects and never retries. `signal` ends
   * this caller's wait (its records then count as not written), and never takes away another caller's record.
   */
  append(records: readonly Uint8Array[], signal: AbortSignal): Promise<readonly Appended[]>;

  /**
   * What a publication says instead, where every reader pays for the names in it: whole sources in place of many ids, say. It
   * covers what it was given. Absent: a publication may be as long as it likes.
   */
  coarsened?(content: RecordContent): RecordContent;

  /** A token that names records that were written, by their `at`: opaque to users, understood by `LogReader.covers`. */
  tokenFor(written: readonly string[]): string;

  /** A reader that has read nothing. Makes no call. */
  open(): LogReader;
}

/** What became of one record. */
export type Appended =
  /** Acknowledged: every reading that begins from now on will read it. */
  | { readonly written: true; readonly at: string }
  /** It may or may not have been written. */
  | { readonly written: false; readonly failure: LogFailure };

/**
 * Where one environment stands in a log. The rule everything rests on: the place is never later than the load of a stored
 * entry, and every record before it was taken. So a place may be moved back at any time (reading a little twice is
 * harmless), and forward only past records that `take` has taken.
 */
export interface LogReader {
  /** Parts of the log that are read side by side. 0 before the first reading. */
  readonly lanes: number;
  /** Whether it can be read from a time. One that cannot takes its place at the tip of an answer. */
  readonly isReadByTime: boolean;
  /**
   * Whether what is acknowledged from now on will be read. A log that is read by time always has a place; another has one
   * from its first reading on, and until then nothing may be stored.
   */
  readonly isPlaced: boolean;
  /** Whether the next reading is expected to be one round trip. @param nowMs wall clock */
  isWarm(nowMs: number): boolean;
  /** Whether everything the token names has been read; false where that is not known. Makes no call. */
  covers(token: string): boolean;
  /** Gives up the place: nothing is stored, so nothing in between matters. A log with times goes on from `Reading.sinceMs`. */
  leave(): void;
  /**
   * Reads on to the tip and moves the place along. A reader without a place takes one, at the tip of the first answer, and
   * says so (`placed`). Never rejects. Anything may still arrive after the reading is over; then nothing may be moved.
   */
  read(reading: Reading): Promise<void>;
}

/** One reading, lent by the core to the log's reader: its time, its calls, and what is found. */
export interface Reading {
  /**
   * Wall clock of this environment: everything acknowledged before it has been applied. For logs that are read by time. To be
   * asked for where it is used: by a clock that is set during the reading it is another time.
   */
  readonly sinceMs: number;
  /** The reading has ended, finished or not: nothing may be moved any more. */
  readonly isOver: boolean;

  /**
   * One call to the service, counted. Failed on the way, it is made once more at once; unanswered at half time, once more
   * beside the first (whose connection may have died while the environment was frozen), and the first answer counts.
   * Aborted at the end: no call outlives its reading.
   */
  call<T>(make: (signal: AbortSignal) => Promise<T>): Promise<T>;

  /**
   * Applies records in their order, giving way to the event loop between them. Resolves to how many were applied: fewer than
   * there are only if the reading ended in between. The place may move past those and no others.
   */
  take(records: readonly Uint8Array[]): Promise<number>;

  /** How far an answer was behind the tip. */
  behind(ms: number): void;

  /** A reader without a place has just taken it, at the tip of an answer: loads that began before now may not be stored. */
  placed(): void;

  /**
   * What lies between the place and the tip cannot be read. The core empties the cache and refuses every load that began
   * before now; the reading is over. The reader has given up its place, or has taken a new one at the tip it has just seen.
   * Without a failure where nobody need hear of it: the log has only just begun.
   */
  lost(why?: LogFailure): void;

  /** The tip was not reached; without a cause, since there is more to read than one reading should. */
  fellShort(cause?: unknown): void;
}

/**
 * - `throttled`: the service asks for fewer calls. Keep the place, back off.
 * - `expired`: a part of the place is too old to be read from; the reader renews it by itself.
 * - `lost`: the place means nothing to this log (deleted, created anew, the wrong one). Empty the cache.
 * - `unavailable`: network, time-out, 5xx. The same call may succeed at once on a new connection.
 * - `refused`: credentials, permissions, keys. Only a person can mend it.
 */
export type LogFailureKind = "throttled" | "expired" | "lost" | "unavailable" | "refused";

export interface LogFailureOptions extends ErrorOptions {
  /** For the person who reads the log line: what helps, as an instruction. */
  readonly remedy?: string | undefined;
}

/** The only error a log's calls reject with. */
export class LogFailure extends Error {
  override readonly name = "LogFailure";
  readonly kind: LogFailureKind;
  readonly remedy: string | undefined;

  constructor(kind: LogFailureKind, message: string, { remedy, ...options }: LogFailureOptions = {}) {
    super(message, options);
    this.kind = kind;
    this.remedy = remedy;
  }
}
