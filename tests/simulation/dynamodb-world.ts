/**
 * A DynamoDB table as the log of a schedule: units for each item, segments that expire, writers of versions with different
 * trimming sizes, people who begin the log anew, delete the table, or restore it from a backup.
 */
import { dataId } from "../../src/core/data-id.js";
import { LogFailure } from "../../src/core/log.js";
import { createTableLog } from "../../src/dynamodb/log.js";
import { isReadable } from "../../src/dynamodb/table-api.js";
import { type Trimming, trimmingAt } from "../../src/dynamodb/trimming.js";
import { MemoryTable } from "../../src/testing/memory-table.js";
import type { Dice } from "./dice.js";
import type { Connection, LogClient, LogWorld } from "./log-world.js";
import { ObservedTable } from "./observed-table.js";
import { putLikeGo } from "./outside-writers.js";
import { planTableCall } from "./weather.js";
import type { World } from "./world.js";

const LOG = "scache";
/** As shipped, and so small that a few records are moved into a segment; the second two may be at work at once. */
const TRIMMINGS: readonly Trimming[] = [trimmingAt(0), { limit: 300, kept: 120 }, { limit: 400, kept: 64 }];
const never = new AbortController().signal;

/** They fill a record. */
const OTHERS = Array.from({ length: 40 }, (_, index) => dataId("x", `${index}`));

export class DynamoDbWorld implements LogWorld {
  readonly others = OTHERS;
  changedOrder = 0;
  readonly #world: World;
  readonly #table: MemoryTable;
  readonly #dice: Dice;

  constructor(world: World, dice: Dice) {
    this.#world = world;
    this.#dice = dice.fork();
    this.#table = new MemoryTable({
      clock: world.clock,
      ...(dice.chance(0.1) ? { readUnitsPerSecond: 10, writeUnitsPerSecond: 20 } : {}),
      onAppend: (records) => {
        for (const data of records) world.ledger.record(data, world.tick());
      },
    });
    // Often the log has been in use before.
    if (dice.chance(0.7))
      this.#table.setHead({ incarnation: this.#newIncarnation(), first: dice.int(0, 50), records: [] });
  }

  connect(name: string, { clock, dice, isDead }: Connection): LogClient {
    const world = this.#world;
    const faults = dice.fork();
    const client = this.#table.connect(LOG, (call) => {
      if (isDead()) return { hang: true };
      const plan = planTableCall(world.climate, call, faults);
      if (plan.fail === undefined && call.operation === "append") {
        if (plan.loseAnswer !== undefined) world.took("acknowledgement lost");
        if (plan.actAgainAfterMs !== undefined) world.took("record written twice");
      }
      return plan;
    });
    const api = new ObservedTable(world, name, client);
    const newIncarnation = () => this.#newIncarnation();
    const trimming = dice.pick(TRIMMINGS);
    const table = { name: "simulated", log: LOG };
    const log = createTableLog({ api, table, clock, random: dice.fork().next, newIncarnation, trimming });
    return Object.assign(api, { log });
  }

  /** By a program that only appends, as one in another language would. */
  async write(texts: readonly string[]): Promise<boolean> {
    try {
      const records = texts.map((text) => new TextEncoder().encode(text));
      return (await this.#table.connect(LOG).append(records, this.#newIncarnation(), never)) !== "full";
    } catch (error) {
      if (!(error instanceof LogFailure)) throw error;
      return false;
    }
  }

  async disturb(dice: Dice): Promise<void> {
    for (let steps = dice.pick([0, 0, 0, 1, 1, 3]); steps > 0; steps--) {
      await this.#world.sleep(dice.wide(1, 3_000));
      const chance = dice.next();
      this.changedOrder = Number.POSITIVE_INFINITY;
      if (chance < 0.2) this.#expire();
      else if (chance < 0.5) this.#lose(dice);
      else if (chance < 0.7) await this.#reset(dice);
      else if (chance < 0.8) await this.#restore(dice);
      else this.#stranger(dice);
      this.changedOrder = this.#world.tick();
    }
  }

  async recreate(dice: Dice): Promise<void> {
    const world = this.#world;
    await world.sleep(dice.wide(1, 3_000));
    this.changedOrder = Number.POSITIVE_INFINITY;
    this.#table.delete();
    world.say(() => "outside: deleted the table");
    await world.sleep(dice.wide(5_000, 60_000));
    this.#table.recreate();
    this.changedOrder = world.voidOrder = world.tick();
    world.took("log deleted and created anew");
    world.say(() => "outside: created the table anew");
    for (let writes = dice.int(0, 3); writes > 0; writes--) await putLikeGo(world, dice);
  }

  end(): void {}

  #newIncarnation(): string {
    return Array.from({ length: 16 }, () => this.#dice.int(0, 15).toString(16)).join("");
  }

  #expire(): void {
    const { incarnation = "" } = this.#table.head(LOG) ?? {};
    const before = this.#table.segments(LOG, incarnation).length;
    this.#table.expire();
    if (this.#table.segments(LOG, incarnation).length < before) this.#world.took("segments expired");
  }

  /** One segment is deleted, by a person or by a time to live that is too short: what is not there must be noticed. */
  #lose(dice: Dice): void {
    const { incarnation = "" } = this.#table.head(LOG) ?? {};
    const segments = this.#table.segments(LOG, incarnation);
    if (segments.length === 0) return;
    // One of the last: the earlier ones have mostly been read.
    const [first] = dice.pick(segments.slice(-3));
    const kept = new Map(this.#table.snapshot());
    kept.set(`${LOG}#${incarnation}`, new Map(segments.filter(([other]) => other !== first)));
    this.#table.restore(kept);
    this.#world.took("segment lost");
    this.#world.say(() => `outside: deletes the segment at ${first}`);
  }

  /** As `npx scache reset` does it. */
  async #reset(dice: Dice): Promise<void> {
    const client = this.#table.connect(LOG);
    const head = await client.getHead("strong", never).catch(() => undefined);
    if (head === undefined || !isReadable(head)) return;
    await this.#world.sleep(dice.wide(1, 100));
    const fresh = this.#newIncarnation();
    // The same one arrives twice, as by a network that repeats requests: whoever has read meanwhile stands in the new log.
    for (let times = dice.pick([1, 2]); times > 0; times--) {
      const reset = await client.reset(head.incarnation, fresh, never).catch(() => "throttled");
      if (reset === "reset") this.#world.took("log begun anew");
      if (reset === "changed") this.#world.took("reset came too late");
      this.#world.say(() => `outside: begins the log anew: ${reset}`);
      if (times > 1) await this.#world.sleep(dice.wide(10, 5_000));
    }
  }

  /** What was appended since the backup is gone, which nobody can know: so the log is begun anew, as the documentation says. */
  async #restore(dice: Dice): Promise<void> {
    const snapshot = this.#table.snapshot();
    await this.#world.sleep(dice.wide(1, 5_000));
    this.#table.restore(snapshot);
    const head = this.#table.head(LOG);
    this.#table.setHead(head && { incarnation: this.#newIncarnation(), first: 0, records: [] });
    this.#world.voidOrder = this.#world.tick();
    this.#world.took("restored from a backup, and begun anew");
    this.#world.say(() => "outside: restored the table from a backup, and began the log anew");
  }

  /** A later version changes the head in a way this one does not know, and back. */
  #stranger(dice: Dice): void {
    const head = this.#table.head(LOG);
    if (head === undefined) return;
    this.#table.setHead({ ...head, version: 2 });
    this.#world.clock.after(dice.wide(1, 20_000), () => {
      const later = this.#table.head(LOG);
      if (later === undefined) return;
      const { version: _, ...rest } = later;
      this.#table.setHead(rest);
    });
  }
}
