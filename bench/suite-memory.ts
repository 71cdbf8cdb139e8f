/**
 * What an entry costs in memory over bare lru-cache, and that a day of churn leaves the heap as it was: entries added,
 * hit, expired, evicted and invalidated once a second on a clock moved by hand.
 */

import { LRUCache } from "lru-cache";
import { encodeRecord } from "../src/core/record.js";
import { ManualClock } from "../src/testing/manual-clock.js";
import { benchEnvironment, invoke, settledEnvironment } from "./environment.js";
import { type User, userById, userOf } from "./keys.js";
import { PageStream } from "./page-stream.js";
import { type Result, result } from "./result.js";
import { figure, seededRandom } from "./statistics.js";
import { collectGarbage, runSuite, type Scale } from "./suite.js";

const suite = "memory";
const ENTRIES = 100_000;
const WARM_SECONDS = 7_200;

function heapUsed(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Bytes on the heap that `fill` leaves behind, per entry. What it returns is kept until they are counted. */
async function bytesPerEntry(fill: () => unknown): Promise<number> {
  const before = heapUsed();
  const kept = await fill();
  const bytes = heapUsed() - before;
  if (kept === undefined) throw new Error("nothing was kept");
  return bytes / ENTRIES;
}

const VALUE = userOf("the same value for every entry");

async function fillOurs() {
  const environment = settledEnvironment(new PageStream(), ENTRIES);
  await invoke(environment, (cache) => {
    for (let entry = 0; entry < ENTRIES; entry += 1) cache.add(userById(`user-${entry}`), VALUE);
  });
  return environment;
}

function fillLru() {
  const cache = new LRUCache<string, User>({ max: ENTRIES, maxSize: 4 * 1024 ** 3 });
  for (let entry = 0; entry < ENTRIES; entry += 1) {
    cache.set(userById(`user-${entry}`).toString(), VALUE, { size: 300 });
  }
  return cache;
}

async function entries(scale: Scale): Promise<Result[]> {
  const [ours, lru]: [number[], number[]] = [[], []];
  for (let round = 0; round < scale.rounds(7, 1); round += 1) {
    ours.push(await bytesPerEntry(fillOurs));
    lru.push(await bytesPerEntry(fillLru));
  }
  const over = ours.map((bytes, round) => bytes - (lru[round] ?? Number.NaN));
  const name = "an entry's share of the heap, its value not counted";
  return [
    result({ suite, name: `${name}: ours`, unit: "bytes", figure: figure(ours) }),
    result({ suite, name: `${name}: lru-cache`, unit: "bytes", figure: figure(lru) }),
    result({ suite, name: `${name}: ours over lru-cache`, unit: "bytes", figure: figure(over) }),
  ];
}

/** One second of the day: an invocation that hits, misses, adds and publishes nothing, and 20 invalidations. */
function daySimulation() {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const stream = new PageStream();
  const random = seededRandom(6);
  const environment = benchEnvironment(stream, { maxEntries: 20_000, maxBytes: 64 * 1024 ** 2 }, clock);
  const anyUser = () => userById(`user-${Math.floor(random() * 50_000)}`);
  return async function second(): Promise<number> {
    await clock.advance(1_000);
    const keys = Array.from({ length: 20 }, () => anyUser().toString());
    stream.append([{ data: encodeRecord({ keys }, clock.now()) }]);
    const hits = await invoke(environment, (cache) => {
      let found = 0;
      for (let read = 0; read < 20; read += 1) {
        const id = anyUser();
        if (cache.get(id) !== undefined) found += 1;
        else cache.add(id, userOf(id.id));
      }
      return found;
    });
    stream.trim();
    return hits;
  };
}

/** The heap, garbage collected, at the start and every simulated hour. What the day begins with is already warm. */
async function churn(scale: Scale): Promise<Result[]> {
  const second = daySimulation();
  const hours = scale.quick ? 3 : 24;
  let hits = 0;
  const live = async (seconds: number) => {
    for (let passed = 0; passed < seconds; passed += 1) hits += await second();
    return heapUsed();
  };
  const start = await live(WARM_SECONDS);
  const grown: number[] = [];
  for (let hour = 0; hour < hours; hour += 1) grown.push(((await live(3_600)) / start - 1) * 100);
  if (hits === 0) throw new Error("nothing was ever hit: the simulation measures nothing");
  const end = grown.slice(-Math.ceil(hours / 4));
  const name = `growth of the heap over ${hours} simulated hours of churn`;
  const target = { atMost: 2 };
  return [result({ suite, name, unit: "%", figure: figure(end), target, note: "median of the last quarter's hours" })];
}

await runSuite(async (scale) => [...(await churn(scale)), ...(await entries(scale))]);
