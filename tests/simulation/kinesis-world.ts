/** A Kinesis stream as the log of a schedule: shards that split and merge, quotas, late records, and a stream created anew. */

import { dataId } from "../../src/core/data-id.js";
import { LogFailure } from "../../src/core/log.js";
import { createStreamLog } from "../../src/kinesis/log.js";
import { MemoryStream } from "../../src/testing/memory-stream.js";
import type { Dice } from "./dice.js";
import type { Connection, LogClient, LogWorld } from "./log-world.js";
import { ObservedStream } from "./observed-stream.js";
import { putLikeGo } from "./outside-writers.js";
import { planCall } from "./weather.js";
import type { World } from "./world.js";

const MAX_OPEN_SHARDS = 6;

/** Two of these fill a record. */
const OTHERS = ["a", "b", "c"].map((letter) => dataId("x", letter.repeat(9_000)));

export class KinesisWorld implements LogWorld {
  readonly others = OTHERS;
  changedOrder = 0;
  readonly #world: World;
  readonly #stream: MemoryStream;

  constructor(world: World, dice: Dice) {
    this.#world = world;
    const arrivals = dice.fork();
    const arrivalErrorMs = dice.chance(0.3) ? 500 : 0;
    this.#stream = new MemoryStream({
      clock: world.clock,
      shards: dice.pick([1, 1, 1, 2, 4]),
      pageShards: dice.pick([1_000, 1_000, 2]),
      ...(dice.chance(0.2) ? { readsPerSecond: 5 } : {}),
      arrivalErrorMs: () => (arrivalErrorMs === 0 ? 0 : arrivals.int(-arrivalErrorMs, arrivalErrorMs)),
      onWrite: ({ data }) => world.ledger.record(data, world.tick()),
    });
  }

  connect(name: string, { clock, dice, clockMarginMs, isDead }: Connection): LogClient {
    const world = this.#world;
    const faults = dice.fork();
    const client = this.#stream.connect((call) => {
      if (isDead()) return { hang: true };
      const plan = planCall(world.climate, call, faults);
      if (plan.fail === undefined && call.operation === "putRecords") {
        if (plan.loseAnswer !== undefined) world.took("acknowledgement lost");
        if (plan.writeTwice) world.took("record written twice");
      }
      return plan;
    });
    const observed = new ObservedStream(world, this.#stream, name, client);
    const random = dice.fork().next;
    const log = createStreamLog(observed, {
      name: "simulated",
      clock,
      random,
      ...(clockMarginMs === undefined ? {} : { clockMarginMs }),
    });
    return Object.assign(observed, { log: observed.watched(log) });
  }

  async write(texts: readonly string[], dice: Dice): Promise<boolean> {
    const partitionKey = String(dice.int(0, 1e9));
    try {
      this.#stream.put(texts.map((text) => ({ data: new TextEncoder().encode(text), partitionKey })));
      return true;
    } catch (error) {
      if (!(error instanceof LogFailure)) throw error;
      return false;
    }
  }

  /** Splits and merges within a burst of activity. */
  async disturb(dice: Dice): Promise<void> {
    const world = this.#world;
    const steps = dice.pick([0, 0, 0, 1, 1, 3]);
    for (let step = 0; step < steps; step++) {
      await world.sleep(dice.wide(1, 3_000));
      const open = this.#stream.shards().filter((shard) => shard.isOpen);
      const merging = open.length > 1 && (open.length >= MAX_OPEN_SHARDS || dice.chance(0.5));
      if (merging) {
        open.sort((a, b) => a.range.from - b.range.from);
        const index = dice.int(0, open.length - 2);
        const childId = this.#stream.merge(open[index]?.id ?? "", open[index + 1]?.id ?? "");
        world.say(() => `outside: merged ${open[index]?.id} and ${open[index + 1]?.id} into ${childId}`);
      } else {
        const parent = dice.pick(open).id;
        const children = this.#stream.split(parent);
        world.say(() => `outside: split ${parent} into ${children.join(" and ")}`);
      }
      this.changedOrder = world.tick();
    }
  }

  /**
   * Deletes the stream and creates it again, which takes Kinesis longer than any refresh here; what had not been read by
   * then is gone with it.
   */
  async recreate(dice: Dice): Promise<void> {
    const world = this.#world;
    await world.sleep(dice.wide(1, 3_000));
    this.changedOrder = Number.POSITIVE_INFINITY;
    this.#stream.delete();
    world.say(() => "outside: deleted the stream");
    await world.sleep(dice.wide(5_000, 60_000));
    this.#stream.recreate(dice.int(1, 8));
    this.changedOrder = world.voidOrder = world.tick();
    world.took("log deleted and created anew");
    world.say(() => "outside: created the stream anew");
    for (let writes = dice.int(0, 3); writes > 0; writes--) await putLikeGo(world, dice);
  }

  end(): void {
    if (this.#stream.shards().some((shard) => shard.startOffset > 0)) this.#world.took("records trimmed");
  }
}
