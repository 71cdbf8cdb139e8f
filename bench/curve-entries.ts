/** What a hit, an invocation without the network and a refresh cost with 1 to 1,000,000 entries held. */

import { type Point, plot, printCurve } from "./curve.js";
import { benchEnvironment, invoke, settledEnvironment } from "./environment.js";
import { ids, pick, userOf } from "./keys.js";
import { OriginalCache } from "./original.js";
import { PageStream } from "./page-stream.js";
import { interleave, timed } from "./statistics.js";
import { bareClient } from "./stub-kinesis.js";
import { collectGarbage } from "./suite.js";

const PICKS = 4_096;
const INVOCATIONS = 500;

/** Microseconds each of what `count` repetitions did. */
async function each(count: number, work: () => unknown): Promise<number> {
  return ((await timed(work)) * 1_000) / count;
}

async function contestants(entries: number) {
  const all = ids(entries);
  const picked = pick(all, PICKS);
  const settled = settledEnvironment(new PageStream(), entries);
  const reading = benchEnvironment(new PageStream(), { maxEntries: entries });
  const original = new OriginalCache(bareClient("http://127.0.0.1:9"), "none");
  for (const environment of [settled, reading]) {
    await invoke(environment, (cache) => {
      for (const id of all) cache.add(id, userOf(id.id));
    });
    await invoke(environment, () => undefined);
  }
  for (const id of all) original.add(id.toString(), id);
  const sweeps = Math.ceil(10_000 / entries);
  const repeat = async (work: () => Promise<unknown>) => {
    for (let turn = 0; turn < INVOCATIONS; turn += 1) await work();
  };
  return {
    get: () =>
      invoke(settled, (cache) =>
        each(PICKS, () => {
          for (const id of picked) cache.get(id);
        }),
      ),
    "invocation without the network": () => each(INVOCATIONS, () => repeat(() => invoke(settled, () => undefined))),
    "refresh, but for the round trip": () => each(INVOCATIONS, () => repeat(() => invoke(reading, () => undefined))),
    "the original's sweep": () =>
      each(sweeps, () => {
        for (let sweep = 0; sweep < sweeps; sweep += 1) original.removeExpired();
      }),
  };
}

const series: Record<string, Point[]> = {};
for (const entries of [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]) {
  const compared = await contestants(entries);
  collectGarbage();
  await interleave(compared, 3);
  plot(series, entries, await interleave(compared, 25));
}
printCurve(
  { title: "What an invocation costs with that much cached", xLabel: "entries", yLabel: "microseconds", xScale: "log" },
  series,
);
process.exit(0);
