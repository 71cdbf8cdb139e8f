/**
 * `npm run bench:modes`: what whole invocations take with each `refreshWhen`, against the same without a cache, in a model: the
 * shipped core in virtual time, with a source and a log that take so long, and one reading in a hundred that hangs for half a
 * second. All modes meet the same invocations. A model shows waiting and loads, not CPU. It exits 1 when
 * reading while working makes the median of a row more than 1.15 of that without a cache; rows above 1.05 are named.
 */
import { dataId } from "../src/core/data-id.js";
import { createEnvironment } from "../src/core/environment.js";
import type { RefreshWhen } from "../src/core/settings.js";
import { createStreamLog } from "../src/kinesis/log.js";
import { resolveOptions } from "../src/options.js";
import { ManualClock, MemoryStream, testPublisher } from "../src/testing/index.js";
import { settled } from "../src/testing/manual-clock.js";
import { Dice } from "../tests/simulation/dice.js";
import { readArguments, wholeNumber } from "../tools/arguments.js";

const USAGE = `usage: npm run bench:modes -- [options]

What invocations take with each refreshWhen, over the same without a cache, in virtual time.

  --invocations N  of each mode in each row (600)
  --seed N         decides them all (1)
  --json           one JSON object as the last line
  --help           prints this

Names the rows in which "alongside" or "used" is slower than no cache in the median: by more than 1.05, or 1.12 under 20 ms.
Exit code: 0; 1 when it is by more than 1.15 in one of them; 2 for wrong arguments.`;

const HELD = 1.15;

const MODES: readonly RefreshWhen[] = ["before", "alongside", "used"];
const SOURCES_MS = [2, 15, 40, 100];
const LOGS_MS = [3, 15];
const HIT_RATES = [0, 0.5, 0.95];
const SHAPES = ["1", "5 in turn", "5 at once"] as const;
const HUNG = { share: 0.01, ms: 500 };
/** What connecting anew takes, in round trips. */
const CONNECTING = 2;
const KNOWN_IDS = 20;
const WARM_UP = 30;

type Shape = (typeof SHAPES)[number];

interface Case {
  readonly sourceMs: number;
  readonly logMs: number;
  readonly hitRate: number;
  readonly shape: Shape;
}

interface Outcome {
  readonly medianMs: number;
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly loads: number;
  readonly reads: number;
}

type Row = Case & Record<RefreshWhen | "none", Outcome>;

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

async function measureRow(some: Case, count: number, seed: number): Promise<Row> {
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

const cases = SOURCES_MS.flatMap((sourceMs) =>
  LOGS_MS.flatMap((logMs) =>
    HIT_RATES.flatMap((hitRate) => SHAPES.map((shape) => ({ sourceMs, logMs, hitRate, shape }))),
  ),
);

function ratioTo(none: Outcome, one: Outcome): string {
  return `${(one.medianMs / none.medianMs).toFixed(2)} ${(one.meanMs / none.meanMs).toFixed(2)} ${(one.p99Ms / none.p99Ms).toFixed(2)}`;
}

async function main(): Promise<number> {
  const { count, seed, json } = readArguments({
    usage: USAGE,
    options: {
      invocations: { type: "string", default: "600" },
      seed: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
    },
    read: (values) => ({
      count: wholeNumber("invocations", values.invocations, 1),
      seed: wholeNumber("seed", values.seed),
      json: values.json,
    }),
  });
  console.log("median, mean and p99 over no cache (below 1: faster), and loads over no cache's, in percent");
  console.log("source  log  hits  loads        before          %  alongside       %  used            %");
  const rows: Row[] = [];
  const slower: string[] = [];
  let worst = 0;
  for (const some of cases) {
    const row = await measureRow(some, count, seed);
    rows.push(row);
    const { none, sourceMs, logMs, hitRate, shape } = row;
    const cells = MODES.map((mode) => `${ratioTo(none, row[mode])} ${percent(row[mode].loads, none.loads)}`);
    const what = `${sourceMs} ms`.padEnd(8) + `${logMs}`.padEnd(5) + percent(hitRate, 1).padEnd(6) + shape.padEnd(11);
    console.log(what + cells.join("  "));
    const mostFor = none.medianMs < 20 ? 1.12 : 1.05;
    for (const mode of MODES.slice(1)) {
      const ratio = row[mode].medianMs / none.medianMs;
      worst = Math.max(worst, ratio);
      if (ratio > mostFor) slower.push(`${mode}: ${what.trim()}`);
    }
  }
  for (const each of slower) console.log(`slower than no cache in the median: ${each}`);
  if (json) console.log(JSON.stringify({ seed, invocations: count, rows, slower, worst }));
  return worst <= HELD ? 0 : 1;
}

const percent = (part: number, whole: number) => `${Math.round((100 * part) / whole)}%`.padStart(4);

process.exitCode = await main();
