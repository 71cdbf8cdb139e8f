/**
 * What whole invocations take with each `refreshWhen`, in real time over HTTP, beside the same without a cache: all contestants take
 * turns in one run. Half of the invocations, or none, or nearly all ask for what is cached. The model (`npm run bench:modes`) has
 * more cases, and readings that hang.
 */

import middy from "@middy/core";
import { type RefreshWhen, scache } from "../src/index.js";
import { lambdaContext } from "./handlers.js";
import { userById, userOf } from "./keys.js";
import { type Result, result } from "./result.js";
import { figure, interleave, ratio, timed } from "./statistics.js";
import { startStubKinesis, stubStream } from "./stub-kinesis.js";
import { runSuite } from "./suite.js";

const CASES = [
  { sourceMs: 8, logMs: 15, hitsIn10: 5 },
  { sourceMs: 15, logMs: 3, hitsIn10: 0 },
  { sourceMs: 15, logMs: 3, hitsIn10: 9 },
  { sourceMs: 40, logMs: 15, hitsIn10: 5 },
];
const WARM_UP = 10;
const KNOWN = userById("known");

type Case = (typeof CASES)[number];

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function load(sourceMs: number, id = KNOWN) {
  await sleep(sourceMs);
  return userOf(id.id);
}

/** One invocation after another, each of which asks for what is known, or for what nobody has asked for. */
function cached(refreshWhen: RefreshWhen, { sourceMs, logMs, hitsIn10 }: Case) {
  let invocations = 0;
  const handler = middy()
    .use(scache(stubStream(1, logMs), { metrics: false, refreshWhen }))
    .handler(async (_event, context) => {
      const number = invocations++;
      // Spread evenly: which of ten ask for what is known.
      const id = (number * 3) % 10 < hitsIn10 ? KNOWN : userById(`new ${number}`);
      return context.cache.getOrAdd(id, () => load(sourceMs, id));
    });
  return () => timed(() => handler({}, lambdaContext()));
}

async function measure(some: Case, rounds: number): Promise<Result[]> {
  const { sourceMs, logMs, hitsIn10 } = some;
  const bare = middy().handler(() => load(sourceMs));
  const contestants = {
    none: () => timed(() => bare({}, lambdaContext())),
    before: cached("before", some),
    alongside: cached("alongside", some),
    used: cached("used", some),
  };
  await interleave(contestants, WARM_UP);
  const samples = await interleave(contestants, rounds);
  const what = `source ${sourceMs} ms, log ${logMs} ms, ${hitsIn10 * 10} % hits`;
  const mostFor = sourceMs < 20 && logMs < 20 ? 1.12 : 1.05;
  const over = (mode: RefreshWhen) => ({
    suite: "modes",
    name: `${what}: ${mode} / no cache`,
    unit: "x" as const,
    figure: ratio(samples[mode], samples.none),
  });
  return [
    result({ suite: "modes", name: `${what}: no cache`, unit: "ms", figure: figure(samples.none) }),
    result(over("before")),
    result({ ...over("alongside"), target: { atMost: mostFor } }),
    result({ ...over("used"), target: { atMost: mostFor } }),
  ];
}

await runSuite(async (scale) => {
  const stub = await startStubKinesis();
  const results: Result[] = [];
  for (const some of CASES) results.push(...(await measure(some, scale.rounds(120, 12))));
  await stub.stop();
  return results;
});
process.exit(0);
