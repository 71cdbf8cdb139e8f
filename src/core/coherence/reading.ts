/**
 * One reading of a log: lent to the log's reader, it has a deadline, makes the calls and applies what is found. It ends at
 * the tip, at its deadline, or when nobody waits for it any more; from then on nothing changes anything, whatever answers
 * still arrive, and no call outlives it. Where the reading stands in the log is the reader's own.
 */
import { messageOf } from "../../errors.js";
import { EVERYTHING } from "../changed.js";
import type { Clock } from "../clock.js";
import { LogFailure, type LogReader, type Reading } from "../log.js";
import { earliestMs, type Instant } from "../moment.js";
import { decodeRecord, type Invalidation, type RecordDecoder } from "../record.js";
import type { Abandonment } from "./abandonment.js";
import { createRepeatedCalls, type RepeatedCalls } from "./repeated-calls.js";
import { createSlice, type Slice } from "./slice.js";

export interface ReadingStart {
  /** Everything acknowledged before this has been applied. */
  readonly proven: Instant;
  /** What was published shortly before the proof still counts while a replica may lag behind it. */
  readonly holdOffMs: number;
}

export interface ReadingLimits {
  readonly timeoutMs: number;
  /** When calls still unanswered are made once more. */
  readonly repeatAfterMs: number;
  /** Nobody waits for it any more: it ends. */
  readonly abandonment: Abandonment;
}

/** Takes what is read, at once. Must not throw. */
export interface ReadingTarget {
  readonly decode?: RecordDecoder | undefined;
  /** Whether this environment has written the record itself: then it says nothing new. */
  isOwn(record: Uint8Array): boolean;
  /** Called with all that the records say, in their order, and never after the reading has ended. */
  apply(invalidation: Invalidation): void;
  /** A record was read. @param notUnderstood why it could not be understood, if so */
  read(notUnderstood: string | undefined): void;
  /** What is stored, and what is being loaded, says nothing any more: see `placed` and `lost` of `Reading`. */
  startOver(): void;
}

/** How a reading ended. */
export interface ReadingResult {
  /** `lost`: what was between the place and the tip cannot be read; what was cached is gone. */
  readonly outcome: "caught-up" | "incomplete" | "lost";
  /** Why it is incomplete or lost; absent when only the time ran out, or there was more than one reading should take. */
  readonly failure?: LogFailure | undefined;
  readonly records: number;
  readonly calls: number;
  readonly throttles: number;
  /** The furthest that an answer was behind the tip; undefined when there was none. */
  readonly lagMs: number | undefined;
}

/** What decoding a record and applying it take, roughly: by itself, and for each of its bytes. */
const RECORD_NS = 1_000;
const BYTE_NS = 10;
const PART_BYTES = 30_000;

/** Has `reader` read on from its place. Never rejects. */
export async function readOn(
  reader: LogReader,
  clock: Clock,
  start: ReadingStart,
  limits: ReadingLimits,
  target: ReadingTarget,
): Promise<ReadingResult> {
  const run = new ReadingRun(clock, start, limits, target);
  reader.read(run).then(
    () => run.finish(),
    (error: unknown) => run.fail(error),
  );
  await run.over;
  return run.close();
}

class ReadingRun implements Reading {
  /** Resolves when the reading has ended, finished or not. */
  readonly over: Promise<void>;
  isOver = false;
  readonly #clock: Clock;
  readonly #start: ReadingStart;
  readonly #target: ReadingTarget;
  readonly #calls: RepeatedCalls = createRepeatedCalls(() => this.isOver);
  readonly #cleanUp: () => void;
  readonly #end: () => void;
  #finished = false;
  #short = false;
  #lost = false;
  #failure: LogFailure | undefined;
  #records = 0;
  #throttles = 0;
  #lagMs: number | undefined;
  /** Work on what is read, from all lanes together. */
  readonly #slice: Slice;

  constructor(
    clock: Clock,
    start: ReadingStart,
    { timeoutMs, repeatAfterMs, abandonment }: ReadingLimits,
    target: ReadingTarget,
  ) {
    this.#clock = clock;
    this.#start = start;
    this.#target = target;
    this.#slice = createSlice(clock);
    let end: () => void = () => undefined;
    this.over = new Promise((resolve) => {
      end = () => {
        this.isOver = true;
        resolve();
      };
    });
    this.#end = end;
    const stopHalfTime = clock.after(repeatAfterMs, () => this.#calls.repeatUnanswered());
    const stopDeadline = clock.after(timeoutMs, end);
    abandonment.onAbandoned(() => {
      end();
      this.#stop();
    });
    if (abandonment.reason !== undefined) end();
    this.#cleanUp = () => {
      stopHalfTime();
      stopDeadline();
    };
  }

  get sinceMs(): number {
    const { proven, holdOffMs } = this.#start;
    const now = { atMs: this.#clock.now(), monotonicMs: this.#clock.monotonic() };
    return earliestMs(proven, now) - holdOffMs;
  }

  call<T>(make: (signal: AbortSignal) => Promise<T>): Promise<T> {
    // An answer that came too late, or in the very moment of the end, asks for nothing more.
    if (this.isOver) return Promise.reject(new LogFailure("unavailable", "the reading is over"));
    return this.#calls.make(make);
  }

  async take(records: readonly Uint8Array[]): Promise<number> {
    const { decode } = this.#target;
    let taken = 0;
    for (const data of records) {
      if (this.isOver) break;
      if (this.#target.isOwn(data)) {
        taken++;
        this.#records++;
        continue;
      }
      let notUnderstood: string | undefined;
      // Of a large record, each part looks about as large as what fits into a small one.
      let workNs = RECORD_NS + Math.min(data.length, PART_BYTES) * BYTE_NS;
      for (const part of decodeRecord(data, decode)) {
        if (this.isOver) return this.#cutShort(taken);
        this.#target.apply(part);
        ({ notUnderstood } = part);
        if (this.#slice.isOver(workNs)) await this.#slice.next();
        workNs = PART_BYTES * BYTE_NS;
      }
      this.#target.read(notUnderstood);
      this.#records++;
      taken++;
    }
    return taken;
  }

  /**
   * Where not even one record could be read to its end, the first counts as read, and as one that changed everything:
   * the next reading would get no further.
   */
  #cutShort(taken: number): number {
    if (this.#records > 0) return taken;
    this.#records++;
    this.#target.apply(EVERYTHING);
    return 1;
  }

  behind(ms: number): void {
    if (!this.isOver) this.#lagMs = Math.max(this.#lagMs ?? 0, ms);
  }

  placed(): void {
    if (!this.isOver) this.#target.startOver();
  }

  lost(why?: LogFailure): void {
    if (this.isOver) return;
    this.#lost = true;
    this.#failure = why;
    this.#target.startOver();
    this.#end();
  }

  fellShort(cause?: unknown): void {
    if (this.isOver) return;
    this.#short = true;
    if (cause === undefined) return;
    const failure = cause instanceof LogFailure ? cause : new LogFailure("unavailable", messageOf(cause), { cause });
    if (failure.kind === "throttled") this.#throttles++;
    this.#failure ??= failure;
  }

  /** The reader has done all it could. */
  finish(): void {
    this.#finished = !this.isOver;
    this.#end();
  }

  fail(cause: unknown): void {
    try {
      this.fellShort(cause);
    } finally {
      this.#end();
    }
  }

  /** No call outlives the reading: an answer after the invocation has ended would arrive in a later one. */
  #stop(): void {
    this.#cleanUp();
    this.#calls.abort();
  }

  close(): ReadingResult {
    this.isOver = true;
    this.#stop();
    const caughtUp = this.#finished && !this.#short && !this.#lost;
    return {
      outcome: this.#lost ? "lost" : caughtUp ? "caught-up" : "incomplete",
      failure: this.#failure,
      records: this.#records,
      calls: this.#calls.made,
      throttles: this.#throttles,
      lagMs: caughtUp ? 0 : this.#lagMs,
    };
  }
}
