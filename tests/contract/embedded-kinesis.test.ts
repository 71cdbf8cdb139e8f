/** The real client, over HTTP on the embedded Kinesis, held to the same suite as the in-memory stream. */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { createStreamApi } from "../../src/kinesis/api.js";
import { kinesisClient, newAccount, type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import { createStream, deleteStream, mergeShards, splitShard } from "../../tools/emulators/streams.js";
import { describeStreamApi } from "./stream-api.contract.js";
import type { StreamUnderTest } from "./stream-under-test.js";

let emulator: RunningEmulator | undefined;
let streams = 0;

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
      recreate: async () => {
        await deleteStream(client, name);
        await createStream(client, name, 1);
      },
      expire: async (iterator) => aged(iterator, 301_000),
    };
  },
});

/** The embedded Kinesis seals its iterators with a published key, so that an old one can be made without the wait. */
const KEY = Buffer.from("1133a5a833666b49abf28c8ba302930f0b2fb240dccd43cf4dfbc0ca91f17751", "hex");
const IV = Buffer.from("7bf139dbabbea2d9995d6fcae1dff7da", "hex");
const PREFIX_BYTES = 8;

/** The same iterator, handed out `ageMs` ago. */
function aged(iterator: string, ageMs: number): string {
  const sealed = Buffer.from(iterator, "base64");
  const decipher = createDecipheriv("aes-256-cbc", KEY, IV);
  const opened = Buffer.concat([decipher.update(sealed.subarray(PREFIX_BYTES)), decipher.final()]).toString();
  const fields = [String(Date.now() - ageMs), ...opened.split("/").slice(1)];
  const cipher = createCipheriv("aes-256-cbc", KEY, IV);
  const body = Buffer.concat([cipher.update(fields.join("/")), cipher.final()]);
  return Buffer.concat([sealed.subarray(0, PREFIX_BYTES), body]).toString("base64");
}
