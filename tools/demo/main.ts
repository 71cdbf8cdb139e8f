/**
 * `npm start`: the example in several Lambda environments on this machine, sharing data through caches that are never
 * stale. First a short story, then some seconds of load, then a table. Exits with 1 when any answer was stale.
 */
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { LogReader } from "../../src/report/read-log.js";
import { renderText } from "../../src/report/text.js";
import { putUsers, type Services, startServices, warmUp } from "../emulators/services.js";
import { bundleFunction } from "../lambda/bundle.js";
import type { Body } from "../proxy.js";
import { whenEnded } from "../when-ended.js";
import { createFleet, type Fleet } from "./fleet.js";
import { type LoadProgress, runLoad, userIds } from "./load.js";
import { Measures } from "./measures.js";
import { Oracle } from "./oracle.js";
import { type DemoSettings, readSettings } from "./settings.js";
import { tellStory } from "./story.js";
import { type DemoResult, printTable, summarise } from "./summary.js";
import { bar, createTerminal, type Terminal } from "./terminal.js";

const WARM_UP_MS = 2_000;
const REPORT_WIDTH = 96;

const terminal = createTerminal(process.stdout);
const stopping = new AbortController();

/** What must be undone when the demo ends, in any way; the last begun is undone first. */
const undo: (() => unknown)[] = [];
async function undoAll(): Promise<void> {
  for (const step of undo.splice(0).reverse()) await step();
}

whenEnded(() => {
  stopping.abort();
  terminal.endProgress();
  return undoAll();
});

try {
  const settings = readSettings();
  const result = await runDemo(settings);
  await undoAll();
  if (settings.json) terminal.line(JSON.stringify(result));
  process.exitCode = result.staleReads === 0 ? 0 : 1;
} catch (error) {
  // Once a signal has come, what is under way fails because it is being stopped.
  if (!stopping.signal.aborted) {
    await undoAll();
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

async function runDemo(settings: DemoSettings): Promise<DemoResult> {
  const { bold, dim } = terminal.styles;
  terminal.line();
  terminal.line(`  ${bold("scache")}  ${dim("the in-memory cache for AWS Lambda that is never stale")}`);
  terminal.line();
  const oracle = new Oracle();
  const measures = new Measures();
  const log = new LogReader();
  introduce(settings, terminal);
  const { services, fleet } = await start(settings, oracle, (line) => {
    measures.take(line);
    log.add(`${line}\n`);
  });
  await tellStory(fleet, terminal);
  terminal.line();
  const load = await runLoad({
    fleet,
    seconds: settings.seconds,
    signal: stopping.signal,
    onProgress: (progress) => terminal.progress(progressLine(progress, settings.seconds, oracle)),
  });
  terminal.endProgress();
  const result = summarise({ settings, fleet, load, measures, oracle, kinesisProxy: services.kinesisProxy });
  terminal.line();
  printTable(result, load.seconds, terminal);
  terminal.line();
  terminal.line(dim("  npx scache report says of these environments' logs:"));
  const report = renderText(log.summary.result(), { colour: process.stdout.isTTY, width: REPORT_WIDTH });
  for (const line of report.trimEnd().split("\n")) terminal.line(`  ${line}`);
  for (const { environment, userid, expectedAtLeast, got } of oracle.violations.slice(0, 10)) {
    terminal.line(
      `  stale: ${environment} served version ${got} of ${userid} after ${expectedAtLeast} was acknowledged`,
    );
  }
  return result;
}

async function start(
  settings: DemoSettings,
  oracle: Oracle,
  onCachedLine: (line: string) => void,
): Promise<{ services: Services; fleet: Fleet }> {
  const services = await startServices(settings);
  undo.push(() => services.stop());
  const bundle = await bundleFunction({
    entryPoint: "src/users-api.ts",
    scacheFrom: settings.unbuilt ? "src" : "dist",
  });
  undo.push(() => bundle.remove());
  await Promise.all([putUsers(services.dynamoDb, userIds), warmUp(services.kinesis, WARM_UP_MS)]);
  if (settings.break) services.kinesisProxy.fault("GetRecords", { rewriteAnswer: hideRecords });
  const writeLog = settings.logs === undefined ? () => {} : openLog(settings.logs);
  const fleet = await createFleet({
    bundle,
    services,
    oracle,
    size: settings.environments,
    onLine(line, withCache) {
      writeLog(line);
      if (withCache) onCachedLine(line);
    },
  });
  undo.push(() => fleet.stop());
  stopping.signal.throwIfAborted();
  return { services, fleet };
}

function hideRecords(answer: Body): Body {
  return { ...answer, Records: [] };
}

function openLog(file: string): (line: string) => void {
  const log = createWriteStream(file);
  undo.push(() => {
    log.end();
    return finished(log);
  });
  return (line) => void log.write(`${line}\n`);
}

function introduce({ environments, shards, kinesisMs, sourceMs }: DemoSettings, { line, styles }: Terminal): void {
  const names = Array.from({ length: environments }, (_, index) => String.fromCharCode(65 + index)).join(", ");
  line(`  ${environments} Lambda environments (${names}), each a process of its own, frozen between invocations,`);
  line(`  one Kinesis stream of ${shards} shard${shards === 1 ? "" : "s"}, one DynamoDB table, all on this machine.`);
  line(styles.dim(`  Simulated latency: ${kinesisMs} ms to Kinesis, ${sourceMs} ms to DynamoDB.`));
  line();
}

function progressLine({ seconds, reads, hits, writes }: LoadProgress, of: number, oracle: Oracle): string {
  const { green, red } = terminal.styles;
  const stale = oracle.violations.length;
  const share = reads === 0 ? 0 : Math.round((100 * hits) / reads);
  const verdict = (stale === 0 ? green : red)(`${stale} stale`);
  return `  ${bar(seconds / of, 20)} ${seconds.toFixed(1)} s  ${reads} reads, ${share} % hits, ${writes} writes, ${verdict}`;
}
