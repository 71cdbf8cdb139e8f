/** The in-memory stream of `scache/testing`, held to what Kinesis does. */
import { createStreamLog } from "../../src/kinesis/log.js";
import { ManualClock } from "../../src/testing/manual-clock.js";
import { MemoryStream } from "../../src/testing/memory-stream.js";
import { describeLog } from "./log.contract.js";
import { describeStreamApi } from "./stream-api.contract.js";

describeStreamApi("the in-memory stream", {
  start: async () => {},
  stop: async () => {},
  createStream: async (shards) => {
    const clock = new ManualClock();
    const stream = new MemoryStream({ clock, shards });
    const missing = new MemoryStream({ clock });
    missing.delete();
    return {
      api: stream.connect(),
      missing: missing.connect(),
      nowMs: () => clock.now(),
      pass: (ms) => clock.advance(ms),
      split: async (shardId) => void stream.split(shardId),
      merge: async (shardId, otherShardId) => void stream.merge(shardId, otherShardId),
      recreate: async () => {
        stream.delete();
        stream.recreate(1);
      },
      expire: async (iterator) => {
        await clock.advance(301_000);
        return iterator;
      },
    };
  },
});

describeLog("in a stream in memory", {
  start: async () => {},
  stop: async () => {},
  createLog: async () => {
    const clock = new ManualClock();
    const [stream, missing] = [new MemoryStream({ clock }), new MemoryStream({ clock })];
    missing.delete();
    const connectTo = (to: MemoryStream) => () =>
      createStreamLog(to.connect(), { name: "memory", clock, random: () => 0.5 });
    return {
      connect: connectTo(stream),
      missing: connectTo(missing)(),
      nowMs: () => clock.now(),
      recreate: async () => stream.recreate(1),
    };
  },
});
