/** The real client, over HTTP on the embedded Kinesis, held to the same suite as the in-memory stream. */
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { systemClock, systemRandom } from "../../src/core/clock.js";
import { createStreamApi } from "../../src/kinesis/api.js";
import { createStreamLog } from "../../src/kinesis/log.js";
import { kinesisClient, newAccount, type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import { createStream, deleteStream, mergeShards, splitShard } from "../../tools/emulators/streams.js";
import { expiredIterator } from "../support/expired-iterator.js";
import { describeLog } from "./log.contract.js";
import { describeStreamApi } from "./stream-api.contract.js";
import type { StreamUnderTest } from "./stream-under-test.js";

let emulator: RunningEmulator | undefined;
let streams = 0;

/** The embedded service numbers records by the second, and takes an iterator of before for one of its own where both are of one. */
const A_SECOND_MS = 1_100;

async function recreate(client: KinesisClient, name: string): Promise<void> {
  await deleteStream(client, name);
  await new Promise((resolve) => setTimeout(resolve, A_SECOND_MS));
  await createStream(client, name, 1);
}

describeStreamApi("the embedded Kinesis", {
  start: async () => {
    emulator = { ...(await startKinesis()), credentials: newAccount() };
  },
  stop: async () => emulator?.stop(),
  createStream: async (shards): Promise<StreamUnderTest> => {
    if (emulator === undefined) throw new Error("the embedded Kinesis was not started");
    const client = kinesisClient(emulator, { maxAttempts: 1 });
    const name = `contract-${++streams}`;
    await createStream(client, name, shards);
    return {
      api: createStreamApi(client, { name }),
      missing: createStreamApi(client, { name: `${name}-missing` }),
      nowMs: () => Date.now(),
      pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      split: (shardId) => splitShard(client, name, shardId),
      merge: (shardId, otherShardId) => mergeShards(client, name, shardId, otherShardId),
      recreate: () => recreate(client, name),
      expire: async (iterator) => expiredIterator(iterator),
    };
  },
});

describeLog("in the embedded Kinesis", {
  start: async () => {
    emulator = { ...(await startKinesis()), credentials: newAccount() };
  },
  stop: async () => emulator?.stop(),
  createLog: async () => {
    if (emulator === undefined) throw new Error("the embedded Kinesis was not started");
    const client = kinesisClient(emulator, { maxAttempts: 1 });
    const name = `log-${++streams}`;
    await createStream(client, name, 1);
    const connectTo = (to: string) => () =>
      createStreamLog(createStreamApi(client, { name: to }), {
        name: to,
        clock: systemClock,
        random: systemRandom,
      });
    return {
      connect: connectTo(name),
      missing: connectTo(`${name}-missing`)(),
      mayNumberAlike: true,
      nowMs: () => Date.now(),
      recreate: () => recreate(client, name),
    };
  },
});
