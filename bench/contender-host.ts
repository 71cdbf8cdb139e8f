/** The process one contestant runs in: fills it when told and returns one sample when asked. Ends with its parent. */

import type { DataId } from "../src/core/data-id.js";
import { loadCount, type Operation, orders } from "./contender.js";
import { type ContenderName, contenders } from "./contenders.js";
import { ids, type User, userById } from "./keys.js";
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

const contender = contenders[process.argv[2] as ContenderName]();
let slices: DataId<User>[][] = [];
let coldKeys = 0;

async function fill(entries: number): Promise<void> {
  const all = ids(entries);
  await contender.fill(all);
  slices = orders(all);
  collectGarbage();
}

async function hits(operation: "get" | "getOrAdd", forMs: number): Promise<Sample> {
  let done = 0;
  const begunAt = performance.now();
  let tookMs = 0;
  for (let turn = 0; tookMs < forMs; turn += 1) {
    const slice = slices[turn % slices.length] ?? [];
    const found = operation === "get" ? await contender.get?.(slice) : await contender.getOrAdd?.(slice);
    if (found !== slice.length) throw new Error(`${found} hits of ${slice.length}`);
    done += slice.length;
    tookMs = performance.now() - begunAt;
  }
  return { nsPerOperation: (tookMs * 1e6) / done };
}

async function coalesced(forMs: number): Promise<Sample> {
  const loadsBefore = loadCount();
  let keys = 0;
  const begunAt = performance.now();
  let tookMs = 0;
  while (tookMs < forMs) {
    const waiting: Promise<unknown>[] = [];
    for (let key = 0; key < COLD_KEYS; key += 1) {
      const id = userById(`cold-${coldKeys++}`);
      for (let asked = 0; asked < ASKING; asked += 1) waiting.push(contender.shared?.(id) as Promise<unknown>);
    }
    await Promise.all(waiting);
    keys += COLD_KEYS;
    tookMs = performance.now() - begunAt;
  }
  return { nsPerOperation: (tookMs * 1e6) / (keys * ASKING), loadsPerKey: (loadCount() - loadsBefore) / keys };
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
