/** What the contract suite of logs needs: a log of its own for each test, and a reading as the core would lend it. */
import type { Appended, InvalidationLog, LogFailure, LogReader, Reading } from "../../src/core/log.js";

/** One log of its own, and what a test must be able to do to it besides using it. */
export interface LogUnderTest {
  /** Another environment's access to the same log, with connections of its own. */
  connect(): InvalidationLog;
  /** The same kind of log, where there is none: no stream, no table. */
  readonly missing: InvalidationLog;
  /** Lets what the log is kept in be deleted and created anew. */
  recreate(): Promise<void>;
  /** A log created anew may number its records as the one before did: the service's numbers tell nothing of that. */
  readonly mayNumberAlike?: boolean;
  /** The wall clock that readings go by. */
  nowMs(): number;
}

export interface LogService {
  start(): Promise<void>;
  stop(): Promise<void>;
  createLog(): Promise<LogUnderTest>;
}

/** A reading that keeps what it is told. It can be ended in the middle of applying records. */
export class TestReading implements Reading {
  readonly sinceMs: number;
  isOver = false;
  readonly taken: string[] = [];
  /** What the reader said, in order: `placed`, `lost`, `fell short`. */
  readonly told: string[] = [];
  readonly failures: unknown[] = [];
  calls = 0;
  #left: number;
  readonly #underWay = new Set<AbortController>();

  /** @param limit how many records are taken before it ends */
  constructor(sinceMs: number, limit = Number.POSITIVE_INFINITY) {
    this.sinceMs = sinceMs;
    this.#left = limit;
  }

  async call<T>(make: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.isOver) throw new Error("the reading is over");
    const abort = new AbortController();
    this.calls++;
    this.#underWay.add(abort);
    try {
      return await make(abort.signal);
    } finally {
      this.#underWay.delete(abort);
    }
  }

  async take(records: readonly Uint8Array[]): Promise<number> {
    // As the core does, with a turn of the event loop in between.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.isOver) return 0;
    const count = Math.min(records.length, this.#left);
    this.#left -= count;
    this.taken.push(...records.slice(0, count).map((record) => new TextDecoder().decode(record)));
    if (count < records.length) this.end();
    return count;
  }

  behind(): void {}

  placed(): void {
    this.told.push("placed");
  }

  lost(why?: LogFailure): void {
    this.told.push("lost");
    this.failures.push(why);
    this.end();
  }

  fellShort(cause?: unknown): void {
    this.told.push("fell short");
    this.failures.push(cause);
  }

  /** Ends it, finished or not, and with it every call under way. */
  end(): void {
    this.isOver = true;
    for (const abort of this.#underWay) abort.abort();
  }
}

export const never = () => new AbortController().signal;
export const encoded = (texts: readonly string[]) => texts.map((text) => new TextEncoder().encode(text));

/** Appends the texts one after another, so that they have an order. Resolves to a token that names the last of them. */
export async function append(log: InvalidationLog, ...texts: string[]): Promise<string> {
  const places: string[] = [];
  for (const text of texts) {
    const [fate] = await log.append(encoded([text]), never());
    places.push(placeOf(fate));
  }
  return log.tokenFor(places);
}

export function placeOf(fate: Appended | undefined): string {
  if (fate?.written !== true) throw new Error(`not written: ${fate?.failure.message}`);
  return fate.at;
}

/** One whole reading. */
export async function read(reader: LogReader, under: LogUnderTest, limit?: number): Promise<TestReading> {
  const reading = new TestReading(under.nowMs() - 60_000, limit);
  await reader.read(reading);
  reading.end();
  return reading;
}

/** A reader that has its place at the tip: what is appended from now on is what it will read. */
export async function placedReader(log: InvalidationLog, under: LogUnderTest): Promise<LogReader> {
  const reader = log.open();
  const reading = await read(reader, under);
  if (!reader.isPlaced || reading.told.includes("fell short")) throw new Error("the reader found no place");
  return reader;
}
