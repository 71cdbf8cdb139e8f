/**
 * What an invocation that needs no network takes with the cache (before, one get and after) over one of bare Middy with a
 * middleware that does nothing; and that neither its time nor its garbage grows with the number of entries.
 */

import middy from "@middy/core";
import { scache } from "../src/index.js";
import { FOR_AN_HOUR } from "./environment.js";
import { lambdaContext } from "./handlers.js";
import { ids, userById, userOf } from "./keys.js";
import { type Result, result, shown } from "./result.js";
import { difference, interleave, ratio } from "./statistics.js";
import { startStubKinesis, stubStream } from "./stub-kinesis.js";
import { collectGarbage, runSuite, type Scale } from "./suite.js";

const INVOCATIONS = 2_000;
const suite = "path";
/** With a middleware that does nothing. Ours looks at two clocks, opens, looks up, counts, closes and reports. */
const TIMES_BARE_MIDDY = 5;

type Invoke = () => Promise<unknown>;

const ID = userById("user-0");

function bareMiddy(): Invoke {
  const nothing = { before: () => undefined, after: () => undefined, onError: () => undefined };
  const handler = middy()
    .use(nothing)
    .handler(async () => ID.id);
  return () => handler({}, lambdaContext());
}

/** A handler that gets one entry, in an environment that holds `entries` and has no reason to read the stream. */
async function cached(entries: number): Promise<Invoke> {
  const cache = scache(stubStream(1, 0), {
    metrics: false,
    ...FOR_AN_HOUR,
    maxEntries: 2_000_000,
    maxBytes: 4 * 1024 ** 3,
    sizeOf: () => 300,
  });
  const fill = middy()
    .use(cache)
    .handler(async (_event, context) => {
      const user = userOf("all of them");
      for (const id of ids(entries)) context.cache.add(id, user);
    });
  await fill({}, lambdaContext());
  let hits = 0;
  const handler = middy()
    .use(cache)
    .handler(async (_event, context) => {
      if (context.cache.get(ID) !== undefined) hits += 1;
    });
  await handler({}, lambdaContext());
  if (hits !== (entries > 0 ? 1 : 0)) throw new Error(`expected ${entries > 0 ? "a hit" : "a miss"}, got ${hits} hits`);
  return () => handler({}, lambdaContext());
}

/** Microseconds per invocation. */
async function timePerInvocation(invoke: Invoke): Promise<number> {
  const begunAt = performance.now();
  for (let invocation = 0; invocation < INVOCATIONS; invocation += 1) await invoke();
  return ((performance.now() - begunAt) * 1_000) / INVOCATIONS;
}

/** Bytes of garbage per invocation. Few enough of them that no collection falls in between. */
async function garbagePerInvocation(invoke: Invoke): Promise<number> {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let invocation = 0; invocation < INVOCATIONS / 4; invocation += 1) await invoke();
  return (process.memoryUsage().heapUsed - before) / (INVOCATIONS / 4);
}

async function times(scale: Scale, invokes: Record<"bare" | "empty" | "one" | "many", Invoke>): Promise<Result[]> {
  const contestants = {
    bare: () => timePerInvocation(invokes.bare),
    empty: () => timePerInvocation(invokes.empty),
    one: () => timePerInvocation(invokes.one),
    many: () => timePerInvocation(invokes.many),
  };
  await interleave(contestants, 5);
  const taken = await interleave(contestants, scale.rounds(100, 9));
  const over = (held: string, of: readonly number[]) => [
    result({ suite, name: `added to bare Middy, ${held}`, unit: "us", figure: difference(of, taken.bare) }),
    result({
      suite,
      name: `an invocation / bare Middy, ${held}`,
      unit: "x",
      figure: ratio(of, taken.bare),
      target: { atMost: TIMES_BARE_MIDDY },
    }),
  ];
  const entries = `${shown(scale.manyEntries)} entries`;
  return [
    ...over("cache empty", taken.empty),
    ...over("1 entry", taken.one),
    ...over(entries, taken.many),
    result({
      suite,
      name: `time of an invocation, ${entries} / 1`,
      unit: "x",
      figure: ratio(taken.many, taken.one),
      target: { atMost: 1.1 },
    }),
  ];
}

async function garbage(scale: Scale, invokes: Record<"bare" | "one" | "many", Invoke>): Promise<Result[]> {
  const left = await interleave(
    {
      bare: () => garbagePerInvocation(invokes.bare),
      one: () => garbagePerInvocation(invokes.one),
      many: () => garbagePerInvocation(invokes.many),
    },
    scale.rounds(15, 5),
  );
  const entries = `${shown(scale.manyEntries)} entries`;
  return [
    result({
      suite,
      name: "garbage of an invocation over bare Middy, 1 entry",
      unit: "bytes",
      figure: difference(left.one, left.bare),
    }),
    result({
      suite,
      name: `garbage of an invocation, ${entries} / 1`,
      unit: "x",
      figure: ratio(left.many, left.one),
      target: { atMost: 1.1 },
    }),
  ];
}

await runSuite(async (scale) => {
  const stub = await startStubKinesis();
  const invokes = {
    bare: bareMiddy(),
    empty: await cached(0),
    one: await cached(1),
    many: await cached(scale.manyEntries),
  };
  const results = [...(await times(scale, invokes)), ...(await garbage(scale, invokes))];
  await stub.stop();
  return results;
});
process.exit(0);
