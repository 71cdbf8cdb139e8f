/**
 * What a refresh costs beside its round trip when 0 to 10,000 ids a second are invalidated and an environment is
 * invoked once a second: all of them read, decoded and dropped.
 */

import { encodeRecord } from "../src/core/record.js";
import { type Point, plot, printCurve } from "./curve.js";
import { benchEnvironment, invoke } from "./environment.js";
import { ids, pick, userById, userOf } from "./keys.js";
import { PageStream } from "./page-stream.js";
import { interleave, timed } from "./statistics.js";

const HELD = 10_000;
const POPULATION = ids(100_000);
const BYSTANDER = userById("never invalidated");

/** A refresh of an environment that holds some of what the records name. */
async function refreshWith(rate: number, perRecord: number): Promise<() => Promise<number>> {
  const stream = new PageStream();
  const environment = benchEnvironment(stream);
  await invoke(environment, (cache) => {
    for (const id of pick(POPULATION, HELD)) cache.add(id, userOf(id.id));
    cache.add(BYSTANDER, userOf(BYSTANDER.id));
  });
  await invoke(environment, () => undefined);
  let seed = 0;
  return async () => {
    seed += 1;
    const keys = pick(POPULATION, rate, seed).map(String);
    const records = [];
    for (let at = 0; at < rate; at += perRecord) {
      records.push({ data: encodeRecord({ keys: keys.slice(at, at + perRecord) }, Date.now()) });
    }
    stream.append(records);
    const tookMs = await timed(() => invoke(environment, () => undefined));
    stream.trim();
    return tookMs;
  };
}

const series: Record<string, Point[]> = {};
for (const rate of [0, 1, 10, 100, 1_000, 3_000, 10_000]) {
  const contestants = {
    "one id per record": await refreshWith(rate, 1),
    "100 ids per record": await refreshWith(rate, 100),
  };
  await interleave(contestants, 20);
  plot(series, rate, await interleave(contestants, 60));
}
printCurve(
  {
    title: "A refresh beside its round trip, invoked once a second",
    xLabel: "ids invalidated per second",
    yLabel: "milliseconds",
    xScale: "symlog",
  },
  series,
);
process.exit(0);
