/**
 * A small world around a log in a table in memory: writers, readers and things that go wrong, in an order that dice decide. An
 * oracle outside of the log judges each reading. It knows nothing of caches: what it calls a violation is a record that a
 * reading must have shown, or a loss that it must have told of, and did not.
 */
import type { LogReader } from "../../../src/core/log.js";
import { createTableLog } from "../../../src/dynamodb/log.js";
import type { Trimming } from "../../../src/dynamodb/trimming.js";
import { ManualClock } from "../../../src/testing/manual-clock.js";
import { MemoryTable, type TableSnapshot } from "../../../src/testing/memory-table.js";
import type { TableCall, TableCallPlan } from "../../../src/testing/memory-table-client.js";
import type { Dice } from "../../simulation/dice.js";
import { ModelReading } from "./model-reading.js";

/** One record, and when that happened, in steps of the world. */
interface Written {
  readonly text: string;
  /** The datum has changed, and the append is begun. */
  readonly begunAt: number;
  readonly acknowledgedAt: number;
}

/** What a run saw, so that one that saw little is noticed. */
export interface Sights {
  acknowledged: number;
  /** Readings that reached the tip. */
  caughtUp: number;
  /** Readings that needed segments. */
  secondTrips: number;
  /** Readings that ended before the tip, having moved. */
  cutOff: number;
  seals: number;
  segmentsReused: number;
  trimsLost: number;
  resets: number;
  restores: number;
  deletions: number;
  expiries: number;
  appendsRepeated: number;
  /** Losses by what was told. */
  readonly losses: Map<string, number>;
  largestHeadBytes: number;
  violations: string[];
}

export function noSights(): Sights {
  return {
    acknowledged: 0,
    caughtUp: 0,
    secondTrips: 0,
    cutOff: 0,
    seals: 0,
    segmentsReused: 0,
    trimsLost: 0,
    resets: 0,
    restores: 0,
    deletions: 0,
    expiries: 0,
    appendsRepeated: 0,
    losses: new Map(),
    largestHeadBytes: 0,
    violations: [],
  };
}

const HOUR_MS = 3_600_000;
const LOG = "users";
/** Small, so that a schedule of some hundred records sees many seals; and two versions of the code at once. */
const TRIMMINGS: readonly Trimming[] = [
  { limit: 500, kept: 250 },
  { limit: 700, kept: 80 },
];

/** One schedule, from an empty table to the end of every writer and reader. */
export class LogModel {
  readonly #clock = new ManualClock();
  readonly #table: MemoryTable;
  readonly #dice: Dice;
  readonly #sights: Sights;
  /** How much goes wrong in this schedule. */
  readonly #trouble: number;
  readonly #written: Written[] = [];
  #step = 0;
  #records = 0;
  #incarnations = 0;
  #running = 0;
  #wasDeleted = false;
  #backup: TableSnapshot | undefined;

  constructor(dice: Dice, sights: Sights) {
    this.#dice = dice;
    this.#sights = sights;
    this.#trouble = dice.pick([0, 0.02, 0.1]);
    this.#table = new MemoryTable({ clock: this.#clock });
  }

  async run(): Promise<void> {
    await this.#firstAppend();
    for (let n = 0; n < this.#dice.int(1, 5); n++) this.#start(this.#writer(this.#dice.pick(TRIMMINGS)));
    for (let n = 0; n < this.#dice.int(1, 3); n++) this.#start(this.#reader());
    this.#start(this.#misfortune());
    while (this.#running > 0 && (await this.#clock.next()));
    if (this.#running > 0) throw new Error("the world stands still");
  }

  #start(actor: Promise<void>): void {
    this.#running++;
    void actor.finally(() => this.#running--);
  }

  /** The log is there before anyone looks: readers that find none are another test's. */
  async #firstAppend(): Promise<void> {
    await this.#table.connect(LOG).append([new Uint8Array([0])], this.#incarnation(), new AbortController().signal);
  }

  readonly #incarnation = () => (++this.#incarnations).toString(16).padStart(16, "0");

  #pause(minMs: number, maxMs: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(this.#dice.wide(minMs, maxMs), resolve));
  }

  readonly #plan = ({ operation }: TableCall): TableCallPlan => {
    const dice = this.#dice;
    const goesWrong = (share = 1) => dice.chance(this.#trouble * share);
    if (operation === "reset") this.#sights.resets++;
    return {
      requestMs: goesWrong() ? dice.wide(10, 2_000) : dice.wide(1, 10),
      answerMs: goesWrong() ? dice.wide(10, 2_000) : dice.wide(1, 10),
      ...(goesWrong() ? { fail: dice.pick(["unavailable", "throttled"] as const) } : {}),
      ...(goesWrong() ? { loseAnswer: dice.pick(["reject", "hang"] as const) } : {}),
      ...(goesWrong(0.5) ? { actAgainAfterMs: dice.wide(1, 5_000) } : {}),
      // Killed between the steps of making room, wherever that may be.
      ...(goesWrong(2) && (operation === "trim" || operation === "putSegment") ? { hang: true } : {}),
      // Of no consequence, as long as nothing rests on an eventual read.
      staleMs: dice.wide(1, 1_000),
      ...(dice.chance(0.3) ? { pageSegments: dice.int(1, 3) } : {}),
    };
  };

  async #writer(trimming: Trimming): Promise<void> {
    const log = createTableLog({
      api: this.#watched(),
      table: { name: "memory", log: LOG },
      clock: this.#clock,
      random: this.#dice.next,
      newIncarnation: this.#incarnation,
      trimming,
    });
    for (let appends = this.#dice.wide(5, 40); appends > 0; appends--) {
      await this.#pause(1, 400);
      const texts = Array.from({ length: this.#dice.pick([1, 1, 1, 2, 5]) }, () => this.#text());
      await this.#append(log, texts);
    }
  }

  #text(): string {
    return `record ${this.#records++} ${"x".repeat(this.#dice.int(0, 90))}`;
  }

  /** As the publisher of the core does: what was not acknowledged is appended again. */
  async #append(log: ReturnType<typeof createTableLog>, texts: readonly string[]): Promise<void> {
    const begunAt = ++this.#step;
    let left = texts;
    for (let attempts = 0; left.length > 0 && attempts < 8; attempts++) {
      if (attempts > 0) this.#sights.appendsRepeated++;
      const abort = new AbortController();
      const stop = this.#clock.after(1_000, () => abort.abort());
      const fates = await log.append(
        left.map((text) => new TextEncoder().encode(text)),
        abort.signal,
      );
      stop();
      for (const text of left.filter((_, index) => fates[index]?.written)) {
        this.#written.push({ text, begunAt, acknowledgedAt: ++this.#step });
        this.#sights.acknowledged++;
      }
      left = left.filter((_, index) => !fates[index]?.written);
      this.#sights.largestHeadBytes = Math.max(this.#sights.largestHeadBytes, this.#table.headBytes(LOG));
    }
  }

  async #reader(): Promise<void> {
    const log = createTableLog({
      api: this.#watched(),
      table: { name: "memory", log: LOG },
      clock: this.#clock,
      random: this.#dice.next,
      newIncarnation: this.#incarnation,
    });
    const reader = log.open();
    const taken = new Set<string>();
    /** What changed before this was dropped, or is not loaded from before it any more. */
    const emptied = { at: 0 };
    for (let readings = this.#dice.wide(5, 40); readings > 0; readings--) {
      await this.#pause(1, 10_000);
      if (this.#dice.chance(0.02)) reader.leave();
      await this.#read(reader, taken, emptied);
    }
  }

  async #read(reader: LogReader, taken: Set<string>, emptied: { at: number }): Promise<void> {
    const begunAt = ++this.#step;
    const reading = new ModelReading(this.#clock, this.#dice, {
      took: (text) => taken.add(text),
      emptied: () => {
        emptied.at = ++this.#step;
      },
    });
    const timeoutMs = this.#dice.wide(2, 500);
    const stopTime = this.#clock.after(timeoutMs, () => reading.end());
    await Promise.race([reader.read(reading), reading.over]);
    stopTime();
    const { isOver, failure, calls, records } = reading;
    reading.end();
    if (calls > 2) this.#sights.secondTrips++;
    if (reading.loss !== undefined) {
      this.#sights.losses.set(reading.loss, (this.#sights.losses.get(reading.loss) ?? 0) + 1);
    } else if (isOver || failure) {
      if (records > 0) this.#sights.cutOff++;
    } else {
      this.#sights.caughtUp++;
      this.#judge(begunAt, taken, emptied.at);
    }
  }

  /** Everything acknowledged before the reading began was taken, or the cache has been emptied since it changed. */
  #judge(begunAt: number, taken: ReadonlySet<string>, emptiedAt: number): void {
    for (const record of this.#written) {
      if (record.acknowledgedAt > begunAt || record.begunAt < emptiedAt || taken.has(record.text)) continue;
      this.#sights.violations.push(`${record.text}, acknowledged before a reading that reached the tip without it`);
    }
  }

  /** What happens to tables: segments expire, logs are begun anew, backups are restored, items are deleted by mistake. */
  async #misfortune(): Promise<void> {
    const dice = this.#dice;
    const api = this.#table.connect(LOG, this.#plan);
    for (let n = dice.int(0, 6); n > 0; n--) {
      await this.#pause(10, 10_000);
      const kind = dice.int(0, 5);
      if (kind === 0) {
        this.#sights.expiries++;
        this.#clock.freeze(dice.pick([HOUR_MS, 50 * HOUR_MS]));
        this.#table.expire();
      } else if (kind === 1 && !this.#wasDeleted) {
        this.#wasDeleted = true;
        this.#sights.deletions++;
        this.#table.setHead(undefined, LOG);
      } else if (kind === 2) this.#backup = this.#table.snapshot();
      else if (kind === 3 && this.#backup !== undefined) {
        this.#sights.restores++;
        this.#table.restore(this.#backup);
        // Whoever restores a table resets its logs, before anything is appended to them again.
        this.#table.setHead({ records: [], first: 0, incarnation: this.#incarnation() }, LOG);
      } else if (kind >= 4) {
        const seen = this.#table.head(LOG)?.incarnation ?? "";
        const abort = new AbortController();
        const stop = this.#clock.after(3_000, () => abort.abort());
        await api.reset(seen, this.#incarnation(), abort.signal).catch(() => undefined);
        stop();
      }
    }
  }

  /** A client whose making of room is counted. */
  #watched() {
    const api = this.#table.connect(LOG, this.#plan);
    const sights = this.#sights;
    const watched = Object.create(api) as typeof api;
    watched.getHead = api.getHead.bind(api);
    watched.append = api.append.bind(api);
    watched.querySegments = api.querySegments.bind(api);
    watched.getSegment = api.getSegment.bind(api);
    watched.reset = api.reset.bind(api);
    watched.putSegment = async (...args) => {
      const put = await api.putSegment(...args);
      if (put === "put") sights.seals++;
      else sights.segmentsReused++;
      return put;
    };
    watched.trim = async (...args) => {
      const trimmed = await api.trim(...args);
      if (trimmed === "changed") sights.trimsLost++;
      return trimmed;
    };
    return watched;
  }
}
