/**
 * Applying invalidations: what a refresh takes to read, decode and drop the ids of records of 1, 100 and 5,000, over the least
 * that can be done with the same records; how long it holds the event loop at a time; and that it costs the same however many
 * entries are held.
 */

import type { DataId } from "../src/core/data-id.js";
import type { Environment } from "../src/core/environment.js";
import { encodeRecord } from "../src/core/record.js";
import type { StreamRecord } from "../src/kinesis/stream-api.js";
import { benchEnvironment, invoke } from "./environment.js";
import { longestHold } from "./event-loop.js";
import { ids, pick, type User, userById, userOf } from "./keys.js";
import { PageStream } from "./page-stream.js";
import { type Result, result, shown } from "./result.js";
import { figure, interleave, median, ratio, timed } from "./statistics.js";
import { collectGarbage, runSuite, type Scale } from "./suite.js";

const suite = "invalidations";
const MILLION = 1_000_000;
/** One in a hundred of the ids applied names an entry that is held. */
const HELD_SHARE = 0.01;
const SWEEPING_MS = 100;
const BYSTANDER = userById("never invalidated");

const BATCHES = [
  { perRecord: 1, timesTheLeast: 2 },
  { perRecord: 100, timesTheLeast: 1.5 },
  { perRecord: 5_000, timesTheLeast: 1.5 },
];

/** Records of `perRecord` ids that name them all. */
function recordsOf(keys: readonly string[], perRecord: number): StreamRecord[] {
  const records: StreamRecord[] = [];
  for (let at = 0; at < keys.length; at += perRecord) {
    records.push({ data: encodeRecord({ keys: keys.slice(at, at + perRecord) }, Date.now()) });
  }
  return records;
}

/** An environment that has read the stream before and holds these, and one more that no record names. */
async function holding(stream: PageStream, held: readonly DataId<User>[]): Promise<Environment> {
  const environment = benchEnvironment(stream);
  await invoke(environment, (cache) => {
    for (const id of held) cache.add(id, userOf(id.id));
    cache.add(BYSTANDER, userOf(BYSTANDER.id));
  });
  await invoke(environment, () => undefined);
  return environment;
}

/** A collection goes on sweeping in the background for a while, and meanwhile whoever allocates waits for it. */
async function settle(): Promise<void> {
  collectGarbage();
  await new Promise((resolve) => setTimeout(resolve, SWEEPING_MS));
}

async function applied(records: readonly StreamRecord[], held: readonly DataId<User>[]): Promise<number> {
  const stream = new PageStream();
  const environment = await holding(stream, held);
  stream.append(records);
  await settle();
  const tookMs = await timed(() => catchUpWith(environment));
  stream.trim();
  return tookMs;
}

/** The least that can be done with them: each record parsed, each of its keys dropped from a map. */
async function parsedAndDropped(records: readonly StreamRecord[], entries: readonly DataId<User>[]): Promise<number> {
  const held = new Map(entries.map((id) => [String(id), userOf(id.id)]));
  const decoder = new TextDecoder();
  await settle();
  return timed(() => {
    for (const { data } of records) {
      const { keys } = JSON.parse(decoder.decode(data)) as { keys: string[] };
      for (const key of keys) held.delete(key);
    }
  });
}

/** A refresh holds 32 MiB at most; what is left is read by the next. */
async function catchUpWith(environment: Environment): Promise<void> {
  for (let refreshes = 0; refreshes < 8; refreshes += 1) {
    if ((await invoke(environment, (cache) => cache.freshness.state)) === "fresh") break;
  }
  await invoke(environment, checkApplied);
}

/** A cache that flushed instead of applying would be fast, and would be found out here. */
function checkApplied(cache: { get(id: typeof BYSTANDER): unknown; freshness: { state: string } }): void {
  if (cache.freshness.state !== "fresh") throw new Error(`the cache is ${cache.freshness.state} after the refresh`);
  if (cache.get(BYSTANDER) === undefined) throw new Error("an entry that no record names is gone");
}

async function throughput(scale: Scale): Promise<Result[]> {
  const all = ids(scale.quick ? MILLION / 4 : MILLION);
  const results: Result[] = [];
  for (const { perRecord, timesTheLeast } of BATCHES) {
    // One by one they take so much longer that a quarter of them tells as much.
    const named = perRecord === 1 ? all.slice(0, all.length / 4) : all;
    const keys = named.map(String);
    const held = pick(named, named.length * HELD_SHARE);
    const records = recordsOf(keys, perRecord);
    const contestants = { ours: () => applied(records, held), least: () => parsedAndDropped(records, held) };
    await interleave(contestants, 1);
    const { ours, least } = await interleave(contestants, scale.rounds(15, 2));
    const at = `records of ${shown(perRecord)} id${perRecord === 1 ? "" : "s"}`;
    const perSecond = ours.map((tookMs) => (keys.length / tookMs) * 1_000);
    results.push(
      result({ suite, name: `applied, ${at}`, unit: "ids/s", figure: figure(perSecond) }),
      result({
        suite,
        name: `applied / JSON.parse and Map.delete, ${at}`,
        unit: "x",
        figure: ratio(ours, least),
        target: { atMost: timesTheLeast },
      }),
      ...(await holdsWhileApplying(at, records, held, scale)),
    );
  }
  return results;
}

async function holdsWhileApplying(
  at: string,
  records: readonly StreamRecord[],
  held: readonly DataId<User>[],
  scale: Scale,
): Promise<Result[]> {
  const work: number[] = [];
  const collector: number[] = [];
  for (let round = 0; round < scale.rounds(9, 1); round += 1) {
    const hold = await heldWhileApplying(records, held);
    work.push(hold.workMs);
    collector.push(hold.collectorMs);
  }
  const name = `event loop held at a time, ${at}`;
  return [
    result({ suite, name: `${name}: by the refresh`, unit: "ms", figure: figure(work), target: { atMost: 10 } }),
    result({ suite, name: `${name}: by the collector`, unit: "ms", figure: figure(collector) }),
  ];
}

async function heldWhileApplying(records: readonly StreamRecord[], held: readonly DataId<User>[]) {
  const stream = new PageStream();
  const environment = await holding(stream, held);
  stream.append(records);
  await settle();
  return longestHold(() => catchUpWith(environment));
}

/** Microseconds of a refresh that brings `records`, in an environment holding one entry and in one holding many. */
async function independence(scale: Scale): Promise<Result[]> {
  const population = ids(scale.manyEntries);
  const records = recordsOf(population.slice(0, 100).map(String), 100);
  const refreshes = async (environment: Environment, stream: PageStream, appended: readonly StreamRecord[]) => {
    const begunAt = performance.now();
    for (let refresh = 0; refresh < 200; refresh += 1) {
      stream.append(appended);
      await invoke(environment, () => undefined);
      stream.trim();
    }
    return ((performance.now() - begunAt) * 1_000) / 200;
  };
  const [fewStream, manyStream] = [new PageStream(), new PageStream()];
  const one = await holding(fewStream, []);
  const many = await holding(manyStream, population);
  collectGarbage();
  const contestants = {
    one: () => refreshes(one, fewStream, []),
    many: () => refreshes(many, manyStream, []),
    oneWith100: () => refreshes(one, fewStream, records),
    manyWith100: () => refreshes(many, manyStream, records),
  };
  await interleave(contestants, 4);
  const taken = await interleave(contestants, scale.rounds(60, 9));
  const name = (what: string, alone: readonly number[]) =>
    `refresh ${what}, ${shown(median(alone))} us: ${shown(scale.manyEntries)} entries held / 1`;
  return [
    result({
      suite,
      name: name("without records", taken.one),
      unit: "x",
      figure: ratio(taken.many, taken.one),
      target: { atMost: 1.1 },
    }),
    result({
      suite,
      name: name("with 100 ids", taken.oneWith100),
      unit: "x",
      figure: ratio(taken.manyWith100, taken.oneWith100),
      target: { atMost: 1.1 },
    }),
  ];
}

await runSuite(async (scale) => [...(await throughput(scale)), ...(await independence(scale))]);
