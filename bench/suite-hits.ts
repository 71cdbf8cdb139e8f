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
/** So far behind in all that is measured here that a quick run does without them. */
const FAR_BEHIND: readonly Name[] = ["bentocache", "cacheable", "cache-manager"];

const SIZES = [1, 1_000, 100_000];
const OPERATIONS: readonly Operation[] = ["get", "get anew", "getOrAdd", "coalesced"];
const TITLES = {
  get: "get hit",
  "get anew": "get hit, key made anew",
  getOrAdd: "getOrAdd hit",
  coalesced: "shared load",
};
const SAMPLE_MS = 8;
const WARM_UP_MS = 40;

type Hosts = ReadonlyMap<Name, ChildProcess>;

function startHosts({ quick }: Scale): Hosts {
  const file = fileURLToPath(new URL("./contender-host.mjs", import.meta.url));
  const names = quick ? NAMES.filter((name) => !FAR_BEHIND.includes(name)) : NAMES;
  return new Map(names.map((name) => [name, fork(file, [name], { execArgv: ["--expose-gc"] })]));
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
    [...hosts].map(([name, host]) => [
      name,
      async () => {
        const sample = await ask(host, { do: operation, forMs: SAMPLE_MS });
        if (sample.loadsPerKey !== undefined) loadsPerKey.set(name, sample.loadsPerKey);
        return sample.nsPerOperation;
      },
    ]),
  ) as Record<Name, () => Promise<number>>;
  // Until all of it is compiled.
  for (const host of hosts.values()) await ask(host, { do: operation, forMs: WARM_UP_MS });
  return report(operation, entries, await interleave(contestants, rounds), loadsPerKey);
}

function report(
  operation: Operation,
  entries: number,
  samples: Samples<Name>,
  loadsPerKey: ReadonlyMap<Name, number>,
): Result[] {
  const at = `${TITLES[operation]}, ${shown(entries)} ${entries === 1 ? "entry" : "entries"}`;
  const names = Object.keys(samples) as Name[];
  const fastest = names
    .filter((name) => (PEERS as readonly Name[]).includes(name))
    .reduce((best, peer) => (median(samples[peer]) < median(samples[best]) ? peer : best));
  const uncoalesced = [...loadsPerKey].filter(([, loads]) => loads > 1.01).map(([name]) => name);
  const times = names.map((name) =>
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
  const hosts = startHosts(scale);
  const results: Result[] = [];
  for (const entries of SIZES) {
    for (const host of hosts.values()) await ask(host, { do: "fill", entries });
    for (const operation of OPERATIONS) {
      // Shared loads and the making of keys do not depend on what else is held.
      if ((operation === "coalesced" || operation === "get anew") && entries !== SIZES[1]) continue;
      results.push(...(await measure(hosts, operation, entries, scale.rounds(60, 4))));
    }
  }
  const ended = [...hosts.values()].map((host) => once(host, "exit"));
  for (const host of hosts.values()) host.disconnect();
  await Promise.all(ended);
  return results;
});
