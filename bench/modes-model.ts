/**
 * A model of what whole invocations take with each `refreshWhen`: the shipped core in virtual time, with a source and a log that take
 * so long, and one reading in a hundred that hangs for half a second. All modes meet the same invocations. It shows waits and
 * loads, not CPU.
 */
import { dataId } from "../src/core/data-id.js";
import { createEnvironment } from "../src/core/environment.js";
import type { RefreshWhen } from "../src/core/settings.js";
import { createStreamLog } from "../src/kinesis/log.js";
import { resolveOptions } from "../src/options.js";
import { ManualClock, MemoryStream, testPublisher } from "../src/testing/index.js";
import { settled } from "../src/testing/manual-clock.js";
import { Dice } from "../tests/simulation/dice.js";

export const MODES: readonly RefreshWhen[] = ["before", "alongside", "used"];
const SOURCES_MS = [2, 8, 15, 40, 100, 400];
const LOGS_MS = [3, 15];
const HIT_RATES = [0, 0.5, 0.95];
const SHAPES = ["1", "5 in turn", "5 at once"] as const;
const HUNG = { share: 0.01, ms: 500 };
/** What connecting anew takes, in round trips. */
const CONNECTING = 2;
const KNOWN_IDS = 20;
const WARM_UP = 30;

type Shape = (typeof SHAPES)[number];

export interface Case {
  readonly sourceMs: number;
  readonly logMs: number;
  readonly hitRate: number;
  readonly shape: Shape;
}

export interface Outcome {
  readonly medianMs: number;
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly loads: number;
  readonly reads: number;
}

export type Row = Case & Record<RefreshWhen | "none", Outcome>;

/** What one invocation asks for: the same in every mode. */
interface Asked {
  readonly name: string;
  /** Somebody else has changed it since. */
  readonly changed: boolean;
  readonly loadMs: number;
}

function drawInvocations({ sourceMs, hitRate, shape }: Case, dice: Dice, count: number): Asked[][] {
  let unknown = 0;
  return Array.from({ length: count }, () =>
    Array.from({ length: shape === "1" ? 1 : 5 }, () => {
      const isHit = dice.chance(hitRate);
      const changed = !isHit && dice.chance(0.5);
      const name = isHit || changed ? `known ${dice.int(1, KNOWN_IDS)}` : `unknown ${unknown++}`;
      return { name, changed, loadMs: sourceMs * (0.8 + 0.5 * dice.next()) };
    }),
  );
}

async function measure(which: RefreshWhen | "none", some: Case, invocations: readonly Asked[][], dice: Dice) {
  const clock = new ManualClock();
  const stream = new MemoryStream({ clock });
  let connected = false;
  let reads = 0;
  let loads = 0;
  const client = stream.connect(({ operation }) => {
    if (operation === "getRecords") reads++;
    const answerMs = some.logMs * (0.8 + 0.5 * dice.next()) + (connected ? 0 : CONNECTING * some.logMs);
    connected = true;
    return { answerMs: dice.chance(HUNG.share) ? HUNG.ms : answerMs };
  });
  const options = resolveOptions({ refreshWhen: which === "none" ? "before" : which, maxEntries: 200 });
  const log = createStreamLog(client, {
    name: "model",
    clock,
    random: dice.next,
    clockMarginMs: options.clockMarginMs,
  });
  const environment = createEnvironment({ log, clock, random: dice.next, newNonce: () => "model", options });
  const elsewhere = testPublisher(stream);
  const id = (name: string) => dataId<string>("db.users.id", name);
  const sleep = (ms: number) => new Promise<string>((resolve) => clock.after(ms, () => resolve("value")));

  const settle = async (work: Promise<unknown>) => {
    let isOver = false;
    work.finally(() => (isOver = true));
    // What can settle without time passing does so first.
    await settled();
    while (!isOver && (await clock.next()));
    await work;
  };

  const handle = async (asked: readonly Asked[], get: (one: Asked) => Promise<unknown>) => {
    if (some.shape === "5 at once") await Promise.all(asked.map(get));
    else for (const one of asked) await get(one);
  };

  const tookMs: number[] = [];
  for (const asked of invocations) {
    for (const { name, changed } of asked) if (changed) await settle(elsewhere.invalidate(id(name)));
    await clock.advance(200);
    const load = ({ loadMs }: Asked) => {
      loads++;
      return sleep(loadMs);
    };
    const beganMs = clock.monotonic();
    if (which === "none") await settle(handle(asked, load));
    else {
      const invocation = environment.begin({ remainingMs: () => 30_000 });
      const work = async () => {
        await invocation.catchUp();
        await handle(asked, (one) => invocation.cache.getOrAdd(id(one.name), () => load(one)));
        await invocation.outrunLoads();
      };
      await settle(work());
      if (client.pendingCalls > 0) connected = false;
      invocation.end();
    }
    tookMs.push(clock.monotonic() - beganMs);
  }
  return outcome(tookMs.slice(WARM_UP), loads, reads);
}

function outcome(tookMs: readonly number[], loads: number, reads: number): Outcome {
  const sorted = [...tookMs].sort((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  const meanMs = round(sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length);
  return { medianMs: at(0.5), meanMs, p99Ms: at(0.99), loads, reads };
}

const round = (ms: number) => Math.round(ms * 10) / 10;

export async function measureRow(some: Case, count: number, seed: number): Promise<Row> {
  const invocations = drawInvocations(some, new Dice(seed), count + WARM_UP);
  const run = (which: RefreshWhen | "none") => measure(which, some, invocations, new Dice(seed + 1));
  return {
    ...some,
    none: await run("none"),
    before: await run("before"),
    alongside: await run("alongside"),
    used: await run("used"),
  };
}

export const CASES = SOURCES_MS.flatMap((sourceMs) =>
  LOGS_MS.flatMap((logMs) =>
    HIT_RATES.flatMap((hitRate) => SHAPES.map((shape) => ({ sourceMs, logMs, hitRate, shape }))),
  ),
);
