/** The process one contestant runs in: fills it when told and returns one sample when asked. Ends with its parent. */

import { type Contender, loadCount, type Operation } from "./contender.js";
import { type ContenderName, contenders } from "./contenders.js";
import { ids, userById } from "./keys.js";
import { seededRandom } from "./statistics.js";
import { collectGarbage } from "./suite.js";

export type Order =
  | { readonly do: "fill"; readonly entries: number }
  | { readonly do: Operation; readonly forMs: number };

/** Nanoseconds per operation, and for coalesced loads how often the source was asked per key. */
export interface Sample {
  readonly nsPerOperation: number;
  readonly loadsPerKey?: number;
}

/** How many ask for the same key at the same time, and how many such keys at once. */
const ASKING = 64;
const COLD_KEYS = 8;

const contender = contenders[process.argv[2] as ContenderName]() as Contender<unknown>;
const random = seededRandom(20180626);
/** What is asked for in a sample, a slice between two looks at the clock. */
const slices = Array.from({ length: 64 }, () => new Array<unknown>(1_024));
let names: readonly string[] = [];
let keys: readonly unknown[] = [];
let coldKeys = 0;

async function fill(entries: number): Promise<void> {
  const all = ids(entries);
  await contender.fill(all);
  keys = all.map((id) => contender.keyOf(id));
  names = all.map(({ id }) => id);
  collectGarbage();
}

/**
 * Another order for each sample. In an order that comes again, the entry used after this one last time, its neighbour in
 * the order of use, is the one needed next: touching it would fetch it early, as no real load does.
 */
function shuffle(all: readonly unknown[]): void {
  for (const slice of slices) {
    for (let index = 0; index < slice.length; index += 1) slice[index] = all[Math.floor(random() * all.length)];
  }
}

const operations = {
  get: (slice: readonly unknown[]) => contender.get(slice),
  "get anew": (slice: readonly unknown[]) => contender.get(slice.map((name) => contender.newKey(name as string))),
  getOrAdd: (slice: readonly unknown[]) => contender.getOrAdd(slice),
};

async function hits(operation: keyof typeof operations, forMs: number): Promise<Sample> {
  shuffle(operation === "get anew" ? names : keys);
  let done = 0;
  const begunAt = performance.now();
  let tookMs = 0;
  for (let turn = 0; tookMs < forMs; turn += 1) {
    const slice = slices[turn % slices.length] as unknown[];
    const found = await operations[operation](slice);
    if (found !== slice.length) throw new Error(`${found} hits of ${slice.length}`);
    done += slice.length;
    tookMs = performance.now() - begunAt;
  }
  return { nsPerOperation: (tookMs * 1e6) / done };
}

async function coalesced(forMs: number): Promise<Sample> {
  const loadsBefore = loadCount();
  let loaded = 0;
  const begunAt = performance.now();
  let tookMs = 0;
  while (tookMs < forMs) {
    const waiting: Promise<unknown>[] = [];
    for (let key = 0; key < COLD_KEYS; key += 1) {
      const cold = contender.keyOf(userById(`cold-${coldKeys++}`));
      for (let asked = 0; asked < ASKING; asked += 1) waiting.push(contender.shared(cold));
    }
    await Promise.all(waiting);
    loaded += COLD_KEYS;
    tookMs = performance.now() - begunAt;
  }
  return { nsPerOperation: (tookMs * 1e6) / (loaded * ASKING), loadsPerKey: (loadCount() - loadsBefore) / loaded };
}

process.on("message", async (order: Order) => {
  if (order.do === "fill") {
    await fill(order.entries);
    process.send?.({ nsPerOperation: 0 });
  } else {
    process.send?.(order.do === "coalesced" ? await coalesced(order.forMs) : await hits(order.do, order.forMs));
  }
});
process.on("disconnect", () => process.exit(0));
