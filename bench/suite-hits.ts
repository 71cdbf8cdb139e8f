/**
 * Hits and shared loads against lru-cache itself and against the in-process tiers of five other caches: the same keys,
 * the same values, 1, 1,000 and 100,000 entries. Every contestant in its own process, all of them in turn.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Operation } from "./contender.js";
import type { Order, Sample } from "./contender-host.js";
import { type Result, result, shown } from "./result.js";
import { figure, interleave, median, ratio, type Samples } from "./statistics.js";
import { runSuite, type Scale } from "./suite.js";

const suite = "hits";
const LRU = ["lru-cache", "lru-cache with ttl"] as const;
const PEERS = ["bentocache", "layered-loader", "cacheable", "async-cache-dedupe", "cache-manager"] as const;
const NAMES = ["ours", ...LRU, ...PEERS] as const;
type Name = (typeof NAMES)[number];

const SIZES = [1, 1_000, 100_000];
const OPERATIONS: readonly Operation[] = ["get", "get anew", "getOrAdd", "coalesced"];
const TITLES = {
  get: "get hit",
  "get anew": "get hit, key made anew",
  getOrAdd: "getOrAdd hit",
  coalesced: "shared load",
};
const SAMPLE_MS = 8;
const WARM_UP_MS = 60;

type Hosts = Readonly<Record<Name, ChildProcess>>;

function startHosts(): Hosts {
  const file = fileURLToPath(new URL("./contender-host.mjs", import.meta.url));
  return Object.fromEntries(NAMES.map((name) => [name, fork(file, [name], { execArgv: ["--expose-gc"] })])) as never;
}

async function ask(host: ChildProcess, order: Order): Promise<Sample> {
  host.send(order);
  const [sample] = await Promise.race([
    once(host, "message"),
    once(host, "exit").then(() => {
      throw new Error(`the process of ${host.spawnargs.at(-1)} has ended`);
    }),
  ]);
  return sample as Sample;
}

async function measure(hosts: Hosts, operation: Operation, entries: number, rounds: number): Promise<Result[]> {
  const loadsPerKey = new Map<Name, number>();
  const contestants = Object.fromEntries(
    NAMES.map((name) => [
      name,
      async () => {
        const sample = await ask(hosts[name], { do: operation, forMs: SAMPLE_MS });
        if (sample.loadsPerKey !== undefined) loadsPerKey.set(name, sample.loadsPerKey);
        return sample.nsPerOperation;
      },
    ]),
  ) as Record<Name, () => Promise<number>>;
  // Until all of it is compiled.
  for (const name of NAMES) await ask(hosts[name], { do: operation, forMs: WARM_UP_MS });
  return report(operation, entries, await interleave(contestants, rounds), loadsPerKey);
}

function report(
  operation: Operation,
  entries: number,
  samples: Samples<Name>,
  loadsPerKey: ReadonlyMap<Name, number>,
): Result[] {
  const at = `${TITLES[operation]}, ${shown(entries)} ${entries === 1 ? "entry" : "entries"}`;
  const fastest = PEERS.reduce((best, peer) => (median(samples[peer]) < median(samples[best]) ? peer : best));
  const uncoalesced = [...loadsPerKey].filter(([, loads]) => loads > 1.01).map(([name]) => name);
  const times = NAMES.map((name) =>
    result({ suite, name: `${at}: ${name}`, unit: "ns", figure: figure(samples[name]) }),
  );
  return [
    ...times,
    result({
      suite,
      name: `${at}: speed of ours / lru-cache`,
      unit: "x",
      figure: ratio(samples["lru-cache"], samples.ours),
      target: { atLeast: 0.7 },
    }),
    result({
      suite,
      name: `${at}: speed of ours / the fastest peer`,
      unit: "x",
      figure: ratio(samples[fastest], samples.ours),
      target: { atLeast: 1 },
      note: `${fastest}${uncoalesced.length === 0 ? "" : `; load more than once per key: ${uncoalesced.join(", ")}`}`,
    }),
  ];
}

await runSuite(async (scale: Scale) => {
  const hosts = startHosts();
  const results: Result[] = [];
  for (const entries of SIZES) {
    for (const name of NAMES) await ask(hosts[name], { do: "fill", entries });
    for (const operation of OPERATIONS) {
      // Shared loads and the making of keys do not depend on what else is held.
      if ((operation === "coalesced" || operation === "get anew") && entries !== SIZES[1]) continue;
      results.push(...(await measure(hosts, operation, entries, scale.rounds(60, 7))));
    }
  }
  const ended = NAMES.map((name) => once(hosts[name], "exit"));
  for (const name of NAMES) hosts[name].disconnect();
  await Promise.all(ended);
  return results;
});
