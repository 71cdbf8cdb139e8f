/** How long 1 to 256 invocations that begin together take until the last is answered, on 16 shards. */

import { type Point, plot, printCurve } from "./curve.js";
import { type Handler, originalHandler, scacheHandler } from "./handlers.js";
import { interleave, timed } from "./statistics.js";
import { bareClient, startStubKinesis, stubStream } from "./stub-kinesis.js";

const SOURCE_MS = 40;
/** Beyond this the original takes minutes; its line is straight. */
const ORIGINAL_UP_TO = 16;

const stub = await startStubKinesis();
const stream = stubStream(16, 10);
const ours = scacheHandler(stream, SOURCE_MS);
const original = originalHandler(bareClient(stub.endpoint), stream, SOURCE_MS);
await original.invoke();
for (let warmUp = 0; warmUp < 100; warmUp += 1) await ours.invoke();

function together(handler: Handler, count: number): () => Promise<number> {
  return () => timed(() => Promise.all(Array.from({ length: count }, handler.invoke)));
}

const series: Record<string, Point[]> = {};
for (const count of [1, 2, 4, 8, 16, 32, 64, 128, 256]) {
  plot(series, count, await interleave({ scache: together(ours, count) }, 25));
  if (count > ORIGINAL_UP_TO) continue;
  plot(series, count, await interleave({ "the original": together(original, count) }, count > 4 ? 1 : 3));
}
await stub.stop();
printCurve(
  {
    title: "Begun together, until the last is answered (16 shards, 10 ms a call)",
    xLabel: "invocations at once in one environment",
    yLabel: "milliseconds",
    xScale: "log",
  },
  series,
);
process.exit(0);
