/**
 * One schedule of the staleness run: a database that changes, a capture that tells it in one format, a relay that is given
 * records in batches (or a stream that carries them as they are), and environments that read. The judge: no value is served
 * that is older than what the relay had been given when the invocation began.
 */

import { createRelay } from "../../src/cdc/relay.js";
import { type ContextCache, dataId } from "../../src/index.js";
import { ManualClock, MemoryStream, testPublisher, testScache } from "../../src/testing/index.js";
import { Dice } from "../simulation/dice.js";
import { anyDatum, Database, type Datum, valueAt } from "./database.js";
import { FORMATS, type Format } from "./formats.js";

const STEPS = 80;

interface Sent {
  readonly text: string;
  readonly version: number;
}

interface Loaded {
  readonly version: number;
  readonly value: string;
}

export interface Outcome {
  readonly format: string;
  readonly reads: number;
  readonly hits: number;
  /** What was served too late, in words. */
  readonly violation: string | undefined;
}

/** The same seed and number, the same schedule; the formats take turns. */
export async function runSchedule(seed: number, schedule: number): Promise<Outcome> {
  const dice = Dice.forSchedule(seed, schedule);
  const format = FORMATS[schedule % FORMATS.length] as Format;
  const run = new Run(format, dice);
  for (let step = 0; step < STEPS && run.violation === undefined; step++) await run.step();
  return { format: format.name, reads: run.reads, hits: run.hits, violation: run.violation };
}

class Run {
  reads = 0;
  hits = 0;
  violation: string | undefined;
  readonly #format: Format;
  readonly #dice: Dice;
  readonly #clock = new ManualClock();
  readonly #stream = new MemoryStream({ clock: this.#clock, shards: 2 });
  readonly #database = new Database();
  /** In the order in which they will be given; those before `#given` were. */
  readonly #sent: Sent[] = [];
  #given = 0;
  readonly #isRelayed: boolean;
  readonly #environments: ((work: (cache: ContextCache) => Promise<void>) => Promise<void>)[];
  readonly #relay;

  constructor(format: Format, dice: Dice) {
    this.#format = format;
    this.#dice = dice;
    this.#isRelayed = dice.chance(0.7);
    const decode = this.#isRelayed ? {} : { decode: format.decode };
    this.#environments = [1, 2].map(() => {
      const { before, after } = testScache(this.#stream, { clock: this.#clock, random: dice.next, ...decode });
      return async (work) => {
        const context = { awsRequestId: "1" } as Parameters<typeof before>[0]["context"];
        const request = { event: {}, context, response: undefined, error: undefined, internal: {} };
        await this.#settled(Promise.resolve(before(request)));
        await work(context.cache);
        after(request);
      };
    });
    const publisher = testPublisher(this.#stream, {
      random: dice.next,
      policy: () =>
        dice.chance(0.1) ? { fail: "refused" } : dice.chance(0.1) ? { rejectRecord: () => dice.chance(0.5) } : {},
    });
    this.#relay = createRelay(format.decode, publisher, {
      clock: this.#clock,
      report: () => undefined,
      warn: () => undefined,
    });
  }

  async step(): Promise<void> {
    const dice = this.#dice;
    await this.#clock.advance(dice.wide(1, 2_000));
    if (dice.chance(0.35)) this.#write();
    else if (dice.chance(0.4)) await this.#give();
    else await this.#read();
  }

  #write(): void {
    const dice = this.#dice;
    const change = this.#database.change(dice, this.#format.statements);
    for (const record of this.#format.records(change, dice)) {
      // Now and then something on the way cuts off a record's end.
      const text = dice.chance(0.02) ? record.slice(0, -2) : record;
      const place = this.#format.unordered ? dice.int(this.#given, this.#sent.length) : this.#sent.length;
      this.#sent.splice(place, 0, { text, version: change.version });
    }
  }

  /** The next records, now and then some of before again. */
  async #give(): Promise<void> {
    const dice = this.#dice;
    const from = Math.max(0, this.#given - (dice.chance(0.2) ? dice.int(1, 5) : 0));
    const batch = this.#sent.slice(from, from + dice.int(1, 8));
    if (this.#isRelayed) this.#given = Math.max(this.#given, from + (await this.#relayed(batch)));
    else {
      for (const { text } of batch) this.#stream.put([{ data: Buffer.from(text), partitionKey: String(dice.next()) }]);
      this.#given = Math.max(this.#given, from + batch.length);
    }
  }

  /** How many of the batch the relay says are done. */
  async #relayed(batch: readonly Sent[]): Promise<number> {
    const Records = batch.map(({ text }, index) => ({
      kinesis: { data: Buffer.from(text).toString("base64"), sequenceNumber: String(index) },
    }));
    const { batchItemFailures } = await this.#settled(this.#relay({ Records }));
    const [first] = batchItemFailures;
    return first === undefined ? batch.length : Number(first.itemIdentifier);
  }

  async #read(): Promise<void> {
    const waiting = new Set(this.#sent.slice(this.#given).map(({ version }) => version));
    const given = new Set(this.#sent.map(({ version }) => version).filter((version) => !waiting.has(version)));
    await this.#dice.pick(this.#environments)(async (cache) => {
      for (let reads = this.#dice.int(1, 3); reads > 0; reads--) {
        const datum = anyDatum(this.#dice);
        let isHit = true;
        const { version } = await cache.getOrAdd(dataId<Loaded>(datum.source, datum.id), () => {
          isHit = false;
          return { version: this.#database.version, value: valueAt(datum, this.#database.at(this.#database.version)) };
        });
        this.reads++;
        if (isHit) this.hits++;
        this.#judge(datum, version, given);
      }
    });
  }

  #judge(datum: Datum, loaded: number, given: ReadonlySet<number>): void {
    for (const version of given) {
      if (version <= loaded) continue;
      const [before, after] = [version - 1, version].map((each) => valueAt(datum, this.#database.at(each)));
      if (before === after) continue;
      const told = this.#sent.filter((sent) => sent.version === version).map(({ text }) => text);
      this.violation ??= `${datum.source} ${datum.id} was served as of version ${loaded}, but ${version} was given: ${told.join(" ")}`;
    }
  }

  /** Lets time pass until it is done: publications wait before they are tried again. */
  async #settled<T>(promise: Promise<T>): Promise<T> {
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    promise.then(done, done);
    while (!isDone) await this.#clock.advance(20);
    return promise;
  }
}
