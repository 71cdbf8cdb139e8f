/** How long an invocation with a hit takes on 1 to 256 shards: ours, the bare SDK's one round trip and the original. */

import { type Point, plot, printCurve } from "./curve.js";
import { originalHandler, scacheHandler } from "./handlers.js";
import { LimitReader } from "./limit.js";
import { interleave, timed } from "./statistics.js";
import { bareClient, startStubKinesis, stubStream } from "./stub-kinesis.js";

const CALL_MS = 10;
const SOURCE_MS = 40;

const stub = await startStubKinesis();
const series: Record<string, Point[]> = {};
for (const shards of [1, 2, 4, 8, 16, 32, 64, 128, 256]) {
  const stream = stubStream(shards, CALL_MS);
  const limit = new LimitReader(bareClient(stub.endpoint));
  await limit.open(stream);
  const ours = scacheHandler(stream, SOURCE_MS);
  const original = originalHandler(bareClient(stub.endpoint), stream, SOURCE_MS);
  await original.invoke();
  for (let warmUp = 0; warmUp < 10; warmUp += 1) await Promise.all([ours.invoke(), limit.read()]);
  const fast = { scache: () => timed(ours.invoke), "bare SDK, one round trip": () => timed(() => limit.read()) };
  plot(series, shards, await interleave(fast, 25));
  plot(series, shards, await interleave({ "the original": () => timed(original.invoke) }, shards > 32 ? 1 : 5));
}
await stub.stop();
printCurve(
  {
    title: "An invocation with a hit, every Kinesis call taking 10 ms",
    xLabel: "shards",
    yLabel: "milliseconds",
    xScale: "log",
  },
  series,
);
process.exit(0);
