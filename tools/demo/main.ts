/**
 * `npm start`: the example in three set-ups on this machine, without a cache and with its log in Kinesis and in DynamoDB. First
 * a short story, then some seconds of load, a table, and one sentence: does it pay? Exits with 1 when any answer was stale, and when somebody
 * could not read what she had just written, or others paid for it.
 */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { type Bundle, bundleFunction } from "../lambda/bundle.js";
import { whenEnded } from "../when-ended.js";
import { type DemoResult, resultOf } from "./figures.js";
import { createFleet, type Fleet, type Member, nameOf } from "./fleet.js";
import { type LoadProgress, runLoad, userIds } from "./load.js";
import { type DemoSettings, readSettings } from "./settings.js";
import { MINUTE, type Setup, setupsFor } from "./setups.js";
import { openSite, type Site } from "./site.js";
import { tellStory } from "./story.js";
import { printTable } from "./table.js";
import { bar, createTerminal, type Terminal } from "./terminal.js";

const terminal = createTerminal(process.stdout);
const stopping = new AbortController();

/** What must be undone when the demo ends, in any way; the last begun is undone first. */
const undo: (() => unknown)[] = [];
/** @throws what went wrong first, once every step has been taken */
async function undoAll(): Promise<void> {
  const failures: unknown[] = [];
  for (const step of undo.splice(0).reverse()) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
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
  const { staleReads, ownWrites } = result;
  process.exitCode = staleReads === 0 && ownWrites.readBack && ownWrites.callsElsewhere === 0 ? 0 : 1;
} catch (error) {
  // Once a signal has come, what is under way fails because it is being stopped.
  if (!stopping.signal.aborted) {
    await undoAll().catch(() => undefined);
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

async function runDemo(settings: DemoSettings): Promise<DemoResult> {
  const setups = setupsFor(settings);
  introduce(settings, terminal);
  terminal.progress("  starting the emulators and the environments");
  const { site, fleets: all } = await start(settings, [...setups, MINUTE]);
  const fleets = all.filter(({ setup }) => setup !== MINUTE);
  terminal.endProgress();
  const { ownWrites } = await tellStory(all, terminal);
  terminal.line("  The same requests to all three, once every environment has read every user:");
  await warmUpAll(fleets);
  const unitsBefore = site.unitsOfLog();
  const load = await runLoad({
    fleets,
    seconds: settings.seconds,
    signal: stopping.signal,
    onProgress: (progress) => terminal.progress(progressLine(progress, settings.seconds, fleets)),
  });
  terminal.endProgress();
  const { read, write } = site.unitsOfLog();
  const units = { read: read - unitsBefore.read, write: write - unitsBefore.write };
  const result = resultOf({ settings, fleets, load, ownWrites, units });
  for (const { oracle } of fleets) {
    for (const { environment, userid, expectedAtLeast, got } of oracle.violations.slice(0, 5)) {
      terminal.line(`  stale: ${environment} served version ${got} of ${userid} when ${expectedAtLeast} was the least`);
    }
  }
  printTable(result, setups, terminal);
  return result;
}

async function start(
  settings: DemoSettings,
  setups: readonly Setup[],
): Promise<{ site: Site; fleets: readonly Fleet[] }> {
  const site = await openSite(settings, setups, userIds);
  undo.push(() => site.stop());
  const onLine = settings.logs === undefined ? () => {} : await openLog(settings.logs);
  const fleets: Fleet[] = [];
  const bundles = new Map<string, Bundle>();
  for (const setup of setups) {
    const bundle = bundles.get(setup.entry) ?? (await bundled(setup.entry, settings));
    bundles.set(setup.entry, bundle);
    const size = setup === MINUTE ? 3 : settings.environments;
    const fleet = await createFleet({ setup, bundle, site, size, onLine });
    undo.push(() => fleet.stop());
    fleets.push(fleet);
    stopping.signal.throwIfAborted();
  }
  return { site, fleets };
}

async function bundled(entry: string, { unbuilt }: DemoSettings): Promise<Bundle> {
  const entryPoint = `../tools/demo/functions/${entry}.ts`;
  const bundle = await bundleFunction({ entryPoint, scacheFrom: unbuilt ? "src" : "dist" });
  undo.push(() => bundle.remove());
  return bundle;
}

/**
 * Lets every environment read every user once, as any has that is at work for a while: starts and first loads are made once in
 * an environment's life, and would count for too much in a few seconds.
 */
async function warmUpAll(fleets: readonly Fleet[]): Promise<void> {
  const warmUp = async (member: Member) => {
    for (const userid of userIds) await member.read(userid);
  };
  await Promise.all(fleets.flatMap(({ members }) => members.map(warmUp)));
}

async function openLog(file: string): Promise<(line: string) => void> {
  const log = createWriteStream(file);
  await once(log, "open");
  // A disk that is full is told of when the file is closed.
  log.on("error", () => undefined);
  undo.push(() => {
    log.end();
    return finished(log);
  });
  return (line) => void log.write(`${line}\n`);
}

function introduce({ environments, kinesisMs, dynamoDbMs, sourceMs }: DemoSettings, terminal: Terminal): void {
  const { bold, dim } = terminal.styles;
  const names = Array.from({ length: environments }, (_, index) => nameOf(index)).join(", ");
  terminal.line();
  terminal.line(`  ${bold("scache")}  ${dim("the in-memory cache for AWS Lambda that is never stale")}`);
  terminal.line();
  terminal.text(
    `The same function three times, each in ${environments} Lambda environments (${names}), processes of their own that are frozen between invocations: without a cache, with its log of invalidations in Kinesis, and with it in DynamoDB.`,
  );
  terminal.text(
    `Simulated: ${sourceMs} ms to the source, ${kinesisMs} ms to Kinesis, ${dynamoDbMs} ms to the log's table.`,
    dim,
  );
  terminal.line();
}

function progressLine({ seconds, requests }: LoadProgress, of: number, fleets: readonly Fleet[]): string {
  const { green, red } = terminal.styles;
  const stale = fleets.reduce((sum, { oracle }) => sum + oracle.violations.length, 0);
  const verdict = (stale === 0 ? green : red)(`${stale} stale`);
  return `  ${bar(seconds / of, 20)}  ${seconds.toFixed(1)} s   requests: ${requests}   ${verdict}`;
}
