/**
 * What an invocation with a hit takes on streams of 1, 4 and 16 shards when every Kinesis call takes 10 ms: ours
 * against the original's algorithm, against no cache with a source of 40 ms, and against the bare SDK's one round trip.
 * Then 64 invocations at once on 16 shards.
 */

import { type Handler, noCacheHandler, originalHandler, scacheHandler } from "./handlers.js";
import { LimitReader } from "./limit.js";
import { type Result, result } from "./result.js";
import { figure, interleave, median, ratio, timed } from "./statistics.js";
import { bareClient, type StubKinesis, startStubKinesis, stubStream } from "./stub-kinesis.js";
import { runSuite, type Scale } from "./suite.js";

const CALL_MS = 10;
const SOURCE_MS = 40;
const SHARDS = [1, 4, 16];
/** The original makes so many calls, one after another, where ours makes one round trip. */
const callsOfTheOriginal = (shards: number) => 1 + 2 * shards;
/** Ours and the limit are close together: they are run more often than the slow contestants. */
const REPEATS = 5;
const BURST = 64;

const suite = "latency";

async function oneByOne(stub: StubKinesis, scale: Scale, shards: number): Promise<Result[]> {
  const stream = stubStream(shards, CALL_MS);
  const limit = new LimitReader(bareClient(stub.endpoint));
  await limit.open(stream);
  const ours = await warmed(scacheHandler(stream, SOURCE_MS));
  const original = await warmed(originalHandler(bareClient(stub.endpoint), stream, SOURCE_MS));
  const noCache = noCacheHandler(SOURCE_MS);
  for (let warmUp = 0; warmUp < 20; warmUp += 1) await Promise.all([limit.read(), ours.invoke()]);

  const near = { ours: [] as number[], limit: [] as number[] };
  const samples = await interleave(
    {
      original: () => timed(original.invoke),
      noCache: () => timed(noCache.invoke),
      pair: async () => {
        const pair = await interleave(
          { ours: () => timed(ours.invoke), limit: () => timed(() => limit.read()) },
          REPEATS,
        );
        near.ours.push(...pair.ours);
        near.limit.push(...pair.limit);
        return median(pair.ours);
      },
    },
    scale.rounds(40, 3),
  );
  if (ours.loads() > 1 || original.loads() > 1) throw new Error("an invocation that should have hit has loaded");
  const at = `${shards} shard${shards === 1 ? "" : "s"}`;
  const calls = callsOfTheOriginal(shards);
  const ms = (name: string, of: readonly number[]) =>
    result({ suite, name: `${name}, ${at}`, unit: "ms", figure: figure(of) });
  return [
    ms("ours", near.ours),
    ms("the limit", near.limit),
    ms("the original", samples.original),
    ms("no cache", samples.noCache),
    result({
      suite,
      name: `ours / the limit, ${at}`,
      unit: "x",
      figure: ratio(near.ours, near.limit),
      target: { atMost: 1.1 },
    }),
    result({ suite, name: `the original / ours, ${at}`, unit: "x", figure: ratio(samples.original, samples.pair) }),
    result({
      suite,
      name: `the original / ours, for each of its ${calls} calls, ${at}`,
      unit: "x",
      figure: ratio(
        samples.original.map((tookMs) => tookMs / calls),
        samples.pair,
      ),
      target: { atLeast: 0.65 },
    }),
    result({ suite, name: `no cache / ours, ${at}`, unit: "x", figure: ratio(samples.noCache, samples.pair) }),
  ];
}

/** All at once: until the last is answered, and for the original until some of them are. */
async function atOnce(stub: StubKinesis, scale: Scale): Promise<Result[]> {
  const stream = stubStream(16, CALL_MS);
  const ours = await warmed(scacheHandler(stream, SOURCE_MS));
  const samples = await interleave(
    { burst: () => timed(() => burst(ours)), single: () => timed(ours.invoke) },
    scale.rounds(40, 10),
  );
  const original = await warmed(originalHandler(bareClient(stub.endpoint), stream, SOURCE_MS));
  const [some, share] = scale.quick ? [BURST / 16, "four"] : [BURST / 2, "half"];
  const someAnswered = await timed(() => untilAnswered(original, some));
  const name = `${BURST} at once, 16 shards`;
  return [
    result({ suite, name: `${name}: ours until the last`, unit: "ms", figure: figure(samples.burst) }),
    result({ suite, name: `${name}: the original until ${share}`, unit: "ms", figure: figure([someAnswered]) }),
    result({
      suite,
      name: `${name}: ours / one invocation`,
      unit: "x",
      figure: ratio(samples.burst, samples.single),
      target: { atMost: 2.5 },
    }),
  ];
}

function burst(handler: Handler): Promise<unknown> {
  return Promise.all(Array.from({ length: BURST }, handler.invoke));
}

/** Resolves when so many of a burst are answered; what is still queued then is left to end with the process. */
function untilAnswered(handler: Handler, some: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let answered = 0;
    for (let started = 0; started < BURST; started += 1) {
      handler.invoke().then(() => {
        answered += 1;
        if (answered === some) resolve();
      }, reject);
    }
  });
}

/** Fills the cache with the one entry and lets connections and code warm up. */
async function warmed(handler: Handler): Promise<Handler> {
  for (let invocation = 0; invocation < 2; invocation += 1) await handler.invoke();
  return handler;
}

await runSuite(async (scale) => {
  const stub = await startStubKinesis();
  const results: Result[] = [];
  for (const shards of SHARDS) results.push(...(await oneByOne(stub, scale, shards)));
  results.push(...(await atOnce(stub, scale)));
  // What the original still has queued would fail on the closed stub; nobody waits for it any more.
  process.on("unhandledRejection", () => undefined);
  await stub.stop();
  return results;
});
process.exit(0);
