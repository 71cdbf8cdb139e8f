/**
 * A function under a CPU quota, in a process of its own: warmed up first, then as slow as its parent makes it. It takes the names of
 * a stream and of the rounds, and tells how long an invocation with a hit took, the bare SDK's one call, and none of both.
 */

import { noCacheHandler, scacheHandler } from "./handlers.js";
import { LimitReader } from "./limit.js";
import { interleave, timed } from "./statistics.js";
import { bareClient } from "./stub-kinesis.js";

const [endpoint = "", stream = "", sourceMs = "40", rounds = "20"] = process.argv.slice(2);

const limit = new LimitReader(bareClient(endpoint));
await limit.open(stream);
const ours = scacheHandler(stream, Number(sourceMs));
const noCache = noCacheHandler(Number(sourceMs));
for (let warmUp = 0; warmUp < 200; warmUp += 1) await Promise.all([limit.read(), ours.invoke()]);
process.send?.("warm");
process.once("message", async () => {
  const samples = await interleave(
    { ours: () => timed(ours.invoke), limit: () => timed(() => limit.read()), noCache: () => timed(noCache.invoke) },
    Number(rounds),
  );
  process.send?.({ samples }, () => process.exit(0));
});
