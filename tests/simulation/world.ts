/**
 * Everything in one schedule that is not an environment's: time, chance, the log, the source of truth, the order of
 * events, and the first violation. Virtual time moves only when nothing else can happen.
 */
import { dataId } from "../../src/core/data-id.js";
import { ManualClock } from "../../src/testing/manual-clock.js";
import { drawStamp } from "./audits.js";
import type { Dice } from "./dice.js";
import { DynamoDbWorld } from "./dynamodb-world.js";
import { KinesisWorld } from "./kinesis-world.js";
import type { LogWorld } from "./log-world.js";
import { type LogKind, noCounts, type PathCounts, type RarePath } from "./rare-paths.js";
import { Tokens } from "./tokens.js";
import { Datum, Ledger } from "./truth.js";
import { CALM, type Climate } from "./weather.js";

/** More timers than this, and the schedule will never end. */
const MAX_TIMERS = 200_000;

const SOURCES = ["db.users.id", "orders/by customer"] as const;
const NAMES = ["1", "2", "a b", "ü+&=%", "~!'()*"] as const;

/**
 * - `mixed`: everything, in any proportion.
 * - `crowded`: many invocations at once over few data, with little going wrong: races within milliseconds.
 * - `slow`: invocations and loads that last for minutes, longer than the gap after which a position is given up.
 */
export type Mood = "mixed" | "crowded" | "slow";

export class World {
  readonly clock = new ManualClock();
  readonly dice: Dice;
  readonly mood: Mood;
  readonly log: LogWorld;
  readonly data: readonly Datum[];
  readonly ledger = new Ledger();
  readonly tokens = new Tokens();
  readonly paths: PathCounts = noCounts();
  /** Absent while nobody reads it: most schedules hold. */
  readonly transcript: string[] | undefined;
  climate: Climate = CALM;
  /** Acknowledgements up to this event lay in a log that was deleted: nobody can read them any more. */
  voidOrder = 0;
  violation: string | undefined;
  #order = 0;

  /** For all that has to do with audits; absent where no hit is audited. */
  readonly audits: Dice | undefined;
  /** Nobody changes anything without publishing it. */
  readonly allPublish: boolean;

  constructor(
    dice: Dice,
    options: {
      readonly transcript: boolean;
      readonly log: LogKind;
      readonly audits?: Dice | undefined;
      readonly allPublish?: boolean;
    },
  ) {
    this.dice = dice;
    const { audits, allPublish = false } = options;
    this.audits = audits;
    this.allPublish = allPublish;
    this.mood = dice.pick(["mixed", "mixed", "mixed", "mixed", "mixed", "mixed", "crowded", "slow"]);
    this.transcript = options.transcript ? [] : undefined;
    this.log = options.log === "dynamodb" ? new DynamoDbWorld(this, dice) : new KinesisWorld(this, dice);
    const count = this.mood === "mixed" ? dice.int(1, NAMES.length) : 2;
    this.data = NAMES.slice(0, count).map((name, index) => {
      const stamp = audits && drawStamp(audits);
      return new Datum(dataId(SOURCES[index % SOURCES.length] ?? "", name), this.clock.now(), stamp);
    });
  }

  /** The next place in the order of all events: moments of equal time are told apart by it. */
  tick(): number {
    return ++this.#order;
  }

  get nowMs(): number {
    return this.clock.now();
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }

  took(path: RarePath): void {
    this.paths[path]++;
  }

  say(line: () => string): void {
    this.transcript?.push(`${formatMs(this.clock.monotonic())}  ${line()}`);
  }

  /** Notes the first promise that was broken. */
  violate(what: string): void {
    this.say(() => `VIOLATION: ${what}`);
    this.violation ??= what;
  }

  /** Notes what a judge found, if anything. */
  check(who: string, wrong: string | undefined): void {
    if (wrong !== undefined) this.violate(`${who}: ${wrong}`);
  }

  sourceOf(datum: Datum): readonly Datum[] {
    return this.data.filter(({ id }) => id.source === datum.id.source);
  }

  /** The datum is changed at the source; the version it has now. */
  write(datum: Datum): number {
    return datum.write(this.nowMs);
  }

  /** @param publication what it resolved to, and when it began; absent where others write */
  acknowledge(changes: readonly Change[], publication?: { readonly token: string; readonly since: number }): void {
    const order = this.tick();
    if (publication !== undefined) this.tokens.issue({ ...publication, changes, order });
    for (const { datum, version } of changes) datum.acknowledge({ version, order, atMs: this.nowMs });
  }

  /** Lets virtual time pass until `story` has come to its end, or to a violation. */
  async run(story: Promise<void>): Promise<void> {
    let ended = false;
    story.then(
      () => (ended = true),
      (error: unknown) => {
        ended = true;
        this.violate(error instanceof Error ? (error.stack ?? error.message) : String(error));
      },
    );
    // From here on within a microtask: else the first tick would come before the story's own, and find no timer set yet.
    await undefined;
    await drained();
    for (let timers = 0; !ended && this.violation === undefined; timers++) {
      if (timers > MAX_TIMERS) this.violate(`still not at its end after ${MAX_TIMERS} timers`);
      else if (!this.clock.fireNext()) this.violate("something waits for ever: no timer is set, no call is under way");
      await drained();
    }
  }
}

/** Resolves when no promise can settle any more without time passing. Node runs ticks when there is no microtask left. */
function drained(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** A datum was given this version. */
export interface Change {
  readonly datum: Datum;
  readonly version: number;
}

function formatMs(ms: number): string {
  const seconds = (ms / 1_000).toFixed(3);
  return `${seconds.padStart(14)} s`;
}
