/**
 * `npm run e2e`: the built example under AWS's runtime client, frozen, thawed, killed and crowded, with both majors of
 * Middy. Prints counts; exits with 1 when an answer was stale, an invocation left something running, or anything failed.
 */
import { parseArgs } from "node:util";
import { whenEnded } from "../when-ended.js";
import { type CrowdCounts, runCrowd } from "./crowd.js";
import { type FreezeCounts, runFreezes } from "./freezes.js";
import { type KillCounts, runKills } from "./kills.js";
import { Site, type SiteOptions } from "./site.js";

interface Settings {
  readonly rounds: number;
  readonly kills: number;
  readonly crowdMs: number;
  readonly workers: readonly number[];
  readonly middys: readonly SiteOptions["middy"][];
  readonly scacheFrom: SiteOptions["scacheFrom"];
  readonly json: boolean;
  readonly broken?: NonNullable<SiteOptions["break"]>;
}

interface PartResult {
  readonly middy: string;
  readonly invocations: number;
  readonly answersJudged: number;
  readonly staleReads: number;
  readonly leftovers: number;
  readonly freezes: number;
  readonly clockMovedHours: number;
  readonly failures: readonly string[];
  readonly freezing: FreezeCounts;
  readonly killing: KillCounts;
  readonly crowds: readonly CrowdCounts[];
}

/** The package's `refreshTimeoutMs`, which the example leaves as it is, and a little for what follows it. */
const THAW_BOUND_MS = 1_000 + 250;

const stopping = new AbortController();
let site: Site | undefined;
whenEnded(() => {
  stopping.abort();
  return site?.close();
});

try {
  const settings = readSettings();
  const parts: PartResult[] = [];
  for (const middy of settings.middys) parts.push(await runPart(settings, middy));
  const total = sumOf(parts);
  if (settings.json) console.log(JSON.stringify(total));
  process.exitCode = total.ok ? 0 : 1;
} catch (error) {
  if (!stopping.signal.aborted) {
    await site?.close();
    console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    process.exitCode = 1;
  }
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "80" },
      kills: { type: "string", default: "20" },
      "crowd-ms": { type: "string", default: "3000" },
      workers: { type: "string", default: "1,2,8" },
      middy: { type: "string", default: "6,7" },
      break: { type: "string" },
      unbuilt: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const middys = values.middy.split(",").map((major) => (major === "7" ? "middy7" : "@middy/core"));
  return {
    rounds: Number(values.rounds),
    kills: Number(values.kills),
    crowdMs: Number(values["crowd-ms"]),
    workers: values.workers.split(",").map(Number),
    middys: middys as SiteOptions["middy"][],
    scacheFrom: values.unbuilt ? "src" : "dist",
    json: values.json,
    ...(values.break === "stream" || values.break === "leftover" ? { broken: values.break } : {}),
  };
}

async function runPart(settings: Settings, middy: SiteOptions["middy"]): Promise<PartResult> {
  const share = (count: number) => Math.ceil(count / settings.middys.length);
  console.log(`with ${middy === "middy7" ? "Middy 7" : "Middy 6"}, Node.js ${process.version}`);
  const opened = await Site.open({
    middy,
    scacheFrom: settings.scacheFrom,
    ...(settings.broken === undefined ? {} : { break: settings.broken }),
  });
  site = opened;
  const plan = { rounds: share(settings.rounds), thawBoundMs: THAW_BOUND_MS };
  const freezing = await runFreezes(opened, plan, stopping.signal);
  console.log(
    `  frozen and thawed ${freezing.rounds} times, slowest answer after a thaw ${freezing.slowestThawMs.toFixed(0)} ms`,
  );
  const killing = await runKills(opened, share(settings.kills), stopping.signal);
  console.log(`  killed ${killing.kills} times, ${killing.killedInvocations} of them in an invocation`);
  const crowds: CrowdCounts[] = [];
  for (const workers of settings.workers) {
    const crowd = await runCrowd(opened, workers, settings.crowdMs, stopping.signal);
    crowds.push(crowd);
    console.log(
      `  ${crowd.mostAtOnce} at once in ${workers} workers: ${crowd.invocations} invocations, ${crowd.hits} hits`,
    );
  }
  const result: PartResult = {
    middy,
    invocations: opened.invocations,
    answersJudged: opened.oracle.judged,
    staleReads: opened.oracle.violations.length,
    leftovers: opened.leftovers.length,
    freezes: opened.freezes,
    clockMovedHours: opened.passedMs / 3_600_000,
    failures: [...opened.failures, ...opened.leftovers.map((left) => `left running: ${left}`)],
    freezing,
    killing,
    crowds,
  };
  console.log(
    `  ${result.answersJudged} answers judged, ${result.staleReads} stale; left running: ${result.leftovers}`,
  );
  for (const failure of result.failures.slice(0, 10)) console.log(`  failed: ${failure}`);
  await opened.close();
  site = undefined;
  return result;
}

function sumOf(parts: readonly PartResult[]) {
  const sum = (of: (part: PartResult) => number) => parts.reduce((all, part) => all + of(part), 0);
  const total = {
    invocations: sum((part) => part.invocations),
    freezes: sum((part) => part.freezes),
    kills: sum((part) => part.killing.kills),
    staleReads: sum((part) => part.staleReads),
    leftovers: sum((part) => part.leftovers),
    answersJudged: sum((part) => part.answersJudged),
    failures: sum((part) => part.failures.length),
    slowestThawMs: Math.round(Math.max(...parts.map((part) => part.freezing.slowestThawMs))),
    slowestReadMs: Math.round(Math.max(...parts.map((part) => part.freezing.slowestReadMs))),
    thawBoundMs: THAW_BOUND_MS,
    clockMovedHours: sum((part) => part.clockMovedHours),
    node: process.version,
    parts,
  };
  // A run in which nothing happened proves nothing.
  const happened = total.answersJudged > 0 && total.freezes > 0;
  return { ...total, ok: happened && total.staleReads === 0 && total.leftovers === 0 && total.failures === 0 };
}
