/**
 * Whether what is pushed out is worth as little as what an order of use would push out: hits among requests drawn from
 * more keys than there is room for, beside lru-cache with as much room. Everything is counted and nothing timed.
 */

import { LRUCache } from "lru-cache";
import { invoke, settledEnvironment } from "./environment.js";
import { userById } from "./keys.js";
import { PageStream } from "./page-stream.js";
import { type Result, result } from "./result.js";
import { figure, ratio, seededRandom } from "./statistics.js";
import { runSuite, type Scale } from "./suite.js";

const suite = "evictions";
const ROOM = 10_000;
const KEYS = 100_000;
const REQUESTS = { full: 200_000, quick: 100_000 };
/** Until the cache is full; not counted. */
const FIRST_COUNTED = 50_000;
const REQUESTS_PER_INVOCATION = 100;

/** Which key the request of this number asks for. */
type Trace = (request: number) => string;

/** Few keys are wanted often, most of them seldom: a Zipf distribution, by its inverse. */
function skewed(random: () => number): () => number {
  const upTo = new Float64Array(KEYS);
  let sum = 0;
  for (let key = 0; key < KEYS; key += 1) {
    sum += (key + 1) ** -0.9;
    upTo[key] = sum;
  }
  return () => {
    const drawn = random() * sum;
    let [low, high] = [0, KEYS - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((upTo[middle] as number) < drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const traces: Readonly<Record<string, (random: () => number) => Trace>> = {
  "few keys wanted often": (random) => {
    const key = skewed(random);
    return () => `${key()}`;
  },
  "few wanted often, 30 % only once": (random) => {
    const key = skewed(random);
    return (request) => (random() < 0.3 ? `once-${request}` : `${key()}`);
  },
  "few wanted often, others by and by": (random) => {
    const key = skewed(random);
    return (request) => `${key() + Math.floor(request / 3)}`;
  },
  "what is recent wanted again": (random) => (request) =>
    `${request + Math.floor(Math.log(1 - random()) * 0.9 * ROOM)}`,
};

function lruHits(trace: Trace, requests: number): number {
  const cache = new LRUCache<string, boolean>({ max: ROOM });
  let hits = 0;
  for (let request = 0; request < requests; request += 1) {
    const key = trace(request);
    if (cache.get(key) === undefined) cache.set(key, true);
    else if (request >= FIRST_COUNTED) hits += 1;
  }
  return hits;
}

async function ourHits(trace: Trace, requests: number): Promise<number> {
  const environment = settledEnvironment(new PageStream(), ROOM);
  let hits = 0;
  for (let first = 0; first < requests; first += REQUESTS_PER_INVOCATION) {
    await invoke(environment, (cache) => {
      for (let request = first; request < first + REQUESTS_PER_INVOCATION; request += 1) {
        const id = userById(trace(request));
        if (cache.get(id) === undefined) cache.add(id, { id: id.id, name: "", note: "" });
        else if (request >= FIRST_COUNTED) hits += 1;
      }
    });
  }
  return hits;
}

async function compare(name: string, rounds: number, requests: number): Promise<Result[]> {
  const trace = traces[name] as (typeof traces)[string];
  const [ours, lru]: [number[], number[]] = [[], []];
  const share = (hits: number) => (100 * hits) / (requests - FIRST_COUNTED);
  for (let round = 0; round < rounds; round += 1) {
    ours.push(share(await ourHits(trace(seededRandom(round)), requests)));
    lru.push(share(lruHits(trace(seededRandom(round)), requests)));
  }
  return [
    result({ suite, name: `hits, ${name}: ours`, unit: "%", figure: figure(ours) }),
    result({ suite, name: `hits, ${name}: lru-cache`, unit: "%", figure: figure(lru) }),
    result({
      suite,
      name: `hits, ${name}: ours / lru-cache`,
      unit: "x",
      figure: ratio(ours, lru),
      target: { atLeast: 0.95 },
    }),
  ];
}

await runSuite(async (scale: Scale) => {
  const results: Result[] = [];
  const requests = scale.quick ? REQUESTS.quick : REQUESTS.full;
  for (const name of Object.keys(traces)) results.push(...(await compare(name, scale.rounds(5, 1), requests)));
  return results;
});
