/**
 * `npm run e2e`: built functions under AWS's runtime client, on both logs and with both majors of Middy: frozen, thawed,
 * killed, crowded, told of changes by a relay, ended by other hooks, by deadlines and crashes, suspended and replayed. Prints
 * counts; exits with 1 when an answer was stale, an invocation left something running or was not accounted for once, anything
 * failed, or a part did nothing.
 */
import { nameOf, namesOf, readArguments, wholeNumber } from "../arguments.js";
import { LOGS, type LogName } from "../emulators/services.js";
import { whenEnded } from "../when-ended.js";
import { Part, type PartResult, type Settings, THAW_BOUND_MS } from "./part.js";
import { BREAKS } from "./site.js";

const USAGE = `usage: npm run e2e -- [options]

Built functions under AWS's runtime client: frozen, killed, crowded, told of changes by a relay, ended in odd
ways, suspended and replayed. Rows are changed past the cache for the relay; the embedded DynamoDB has no streams,
so the records of these changes are formed from the writes.

  --rounds N        freezes and thaws on each log; 0 leaves them out, as below (40)
  --kills N         environments killed on each log (20)
  --relays N        batches of changes relayed to each log (4)
  --hook-rounds N   rounds of other hooks, deadlines and crashes (1)
  --executions N    durable executions, with Middy 7 alone (6)
  --workers N,N     processes a crowded environment has, one crowd for each number (1,2,8)
  --log NAME,NAME   logs, ${LOGS.join(" or ")} (${LOGS.join(",")})
  --crowd-ms MS     how long each crowd lasts (1000)
  --middy N,N       majors of Middy, 6 or 7 (6,7)
  --break NAME      breaks something, to see that it is noticed: ${BREAKS.join(", ")} (none)
  --unbuilt         runs the sources as they stand, not the built package
  --json            one JSON object as the last line
  --help            prints this

Exit code: 0; 1 when anything was stale, left behind, not accounted for, or did not happen; 2 for wrong arguments.`;

const beganMs = performance.now();
const stopping = new AbortController();
const parts: Part[] = [];
const close = async () => {
  for (const part of parts.splice(0)) await part.close();
};
whenEnded(() => {
  stopping.abort();
  return close();
});

try {
  const settings = readSettings();
  console.log(`Node.js ${process.version}`);
  for (const log of settings.logs) {
    for (const middy of settings.middys) parts.push(await Part.open(settings, log, middy, stopping.signal));
  }
  const waited = await Promise.all(parts.map(async (part) => ({ part, waited: await part.wait() })));
  const results: PartResult[] = [];
  for (const one of waited) results.push(await one.part.crowd(one.waited));
  await close();
  const total = sumOf(results);
  const idle = idleParts(total, settings);
  if (idle.length > 0) console.log(`nothing happened: ${idle.join(", ")}`);
  const ok = idle.length === 0 && total.staleReads === 0 && total.leftovers === 0 && total.failures === 0;
  const tookSeconds = Math.round((performance.now() - beganMs) / 1_000);
  console.log(`took ${tookSeconds} s`);
  if (settings.json) console.log(JSON.stringify({ ...total, idle, ok, tookSeconds, parts: results }));
  process.exitCode = ok ? 0 : 1;
} catch (error) {
  if (!stopping.signal.aborted) {
    await close();
    console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    process.exitCode = 1;
  }
}

function readSettings(): Settings {
  return readArguments({
    usage: USAGE,
    options: {
      rounds: { type: "string", default: "40" },
      kills: { type: "string", default: "20" },
      relays: { type: "string", default: "4" },
      "hook-rounds": { type: "string", default: "1" },
      executions: { type: "string", default: "6" },
      "crowd-ms": { type: "string", default: "1000" },
      workers: { type: "string", default: "1,2,8" },
      log: { type: "string", default: LOGS.join(",") },
      middy: { type: "string", default: "6,7" },
      break: { type: "string" },
      unbuilt: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
    read: (values) => {
      const broken = values.break === undefined ? undefined : nameOf("break", values.break, BREAKS);
      const workers = values.workers.split(",").map((each) => wholeNumber("workers", each));
      return {
        rounds: wholeNumber("rounds", values.rounds),
        kills: wholeNumber("kills", values.kills),
        relays: wholeNumber("relays", values.relays),
        hookRounds: wholeNumber("hook-rounds", values["hook-rounds"]),
        executions: wholeNumber("executions", values.executions),
        crowdMs: wholeNumber("crowd-ms", values["crowd-ms"]),
        workers: workers.filter((count) => count > 0),
        logs: namesOf("log", values.log, LOGS),
        middys: namesOf("middy", values.middy, ["6", "7"]).map((major) => (major === "7" ? "middy7" : "@middy/core")),
        scacheFrom: values.unbuilt ? "src" : "dist",
        json: values.json,
        ...(broken === undefined ? {} : { broken }),
      };
    },
  });
}

type Total = ReturnType<typeof sumOf>;

function summing(results: readonly PartResult[]) {
  return (of: (part: PartResult) => number) => results.reduce((all, part) => all + of(part), 0);
}

function sumOf(results: readonly PartResult[]) {
  const sum = summing(results);
  const logs = LOGS.filter((log) => results.some((part) => part.log === log));
  return {
    logs: Object.fromEntries(logs.map((log) => [log, sumOfLog(results.filter((part) => part.log === log))])) as Partial<
      Record<LogName, ReturnType<typeof sumOfLog>>
    >,
    relay: sumOfRelay(results),
    invocations: sum((part) => part.invocations),
    freezes: sum((part) => part.freezes),
    kills: sum((part) => part.killing.kills),
    staleReads: sum((part) => part.staleReads),
    leftovers: sum((part) => part.leftovers),
    answersJudged: sum((part) => part.answersJudged),
    failures: sum((part) => part.failures.length),
    oddInvocations: sum((part) => (part.hooks?.oddInvocations ?? 0) + (part.oddCrowd?.oddInvocations ?? 0)),
    accountedForLater: sum((part) => part.hooks?.accountedForLater ?? 0),
    environmentsLost: sum((part) => part.hooks?.environmentsLost ?? 0),
    lateAdds: sum((part) => part.hooks?.lateAdds ?? 0),
    durableReplays: sum(({ durable }) => (durable?.replaysWarm ?? 0) + (durable?.replaysCold ?? 0)),
    crowdInvocations: sum(({ crowds }) => crowds.reduce((all, crowd) => all + crowd.metricsMatched, 0)),
    slowestThawMs: Math.round(Math.max(...results.map((part) => part.freezing.slowestThawMs))),
    slowestReadMs: Math.round(Math.max(...results.map((part) => part.freezing.slowestReadMs))),
    thawBoundMs: THAW_BOUND_MS,
    clockMovedHours: sum((part) => part.clockMovedHours),
    node: process.version,
  };
}

function sumOfLog(parts: readonly PartResult[]) {
  const sum = summing(parts);
  return {
    answersJudged: sum((part) => part.answersJudged),
    staleReads: sum((part) => part.staleReads),
    freezes: sum((part) => part.freezing.rounds),
    connectionsBroken: sum((part) => part.freezing.connectionsBroken),
    kills: sum((part) => part.killing.kills),
    killedInvocations: sum((part) => part.killing.killedInvocations),
    crowdInvocations: sum(({ crowds }) => crowds.reduce((all, crowd) => all + crowd.metricsMatched, 0)),
  };
}

function sumOfRelay(results: readonly PartResult[]) {
  const sum = summing(results);
  return {
    staleReads: sum(({ relaying }) => relaying.staleReads),
    rounds: sum(({ relaying }) => relaying.rounds),
    changes: sum(({ relaying }) => relaying.changes),
    records: sum(({ relaying }) => relaying.records),
    oldBefore: sum(({ relaying }) => relaying.oldBefore),
    answersAfter: sum(({ relaying }) => relaying.answersAfter),
    givenAgain: sum(({ relaying }) => relaying.givenAgain),
  };
}

/** A run in which nothing happened proves nothing; a part that was set to 0 was left out on purpose. */
function idleParts(total: Total, settings: Settings): string[] {
  const { answersJudged, oddInvocations, accountedForLater, environmentsLost, lateAdds, relay } = total;
  const hasHooks = settings.hookRounds > 0 && settings.logs.includes("kinesis");
  const hasDurable = settings.executions > 0 && settings.logs.includes("kinesis") && settings.middys.includes("middy7");
  const ofLogs = Object.entries(total.logs).map(([log, { freezes, kills, crowdInvocations }]) => ({
    ...(settings.rounds > 0 ? { [`${log} freezes`]: freezes } : {}),
    ...(settings.kills > 0 ? { [`${log} kills`]: kills } : {}),
    ...(settings.workers.length > 0 ? { [`${log} crowdInvocations`]: crowdInvocations } : {}),
  }));
  const happened = {
    answersJudged,
    ...Object.assign({}, ...ofLogs),
    ...(settings.relays > 0
      ? {
          relayedChanges: relay.changes,
          oldBefore: relay.oldBefore,
          ...(settings.relays > 3 ? { givenAgain: relay.givenAgain } : {}),
        }
      : {}),
    ...(hasHooks ? { oddInvocations, accountedForLater, environmentsLost, lateAdds } : {}),
    ...(hasDurable ? { durableReplays: total.durableReplays } : {}),
  } as Record<string, number>;
  return Object.entries(happened).flatMap(([name, count]) => (count === 0 ? [name] : []));
}
