/** How the records of one publication go out: how many requests at once, under which keys, and what stays behind. */
import { getEventListeners } from "node:events";
import { describe, expect, jest, test } from "@jest/globals";
import { LogFailure } from "../../../../src/core/log.js";
import { createRecordPublisher } from "../../../../src/core/publishing/publisher.js";
import { PublishError } from "../../../../src/errors.js";
import { createStreamLog } from "../../../../src/kinesis/log.js";
import { PARTITION_KEY_LENGTH } from "../../../../src/kinesis/requests.js";
import type { RecordToPut, StreamApi } from "../../../../src/kinesis/stream-api.js";
import { ManualClock } from "../../../../src/testing/manual-clock.js";
import { bigKeys, key, publisherOf, setUpPublishing } from "../../support/publishing.js";

describe("requests", () => {
  test("go out eight at a time", async () => {
    const { publish, plan, api, calls } = setUpPublishing();
    let most = 0;
    plan(() => {
      most = Math.max(most, api.pendingCalls + 1);
      return { answerMs: 100 };
    });
    await publish({ keys: bigKeys(4_600) }, 10_000);
    const inFirstWave = calls.filter((call) => call.atMs === 0).length;
    expect([most, inFirstWave, calls.length]).toEqual([8, 8, 10]);
    expect(calls.reduce((sum, call) => sum + (call.records ?? 0), 0)).toBe(4_600);
  }, 10_000);

  test("leave no timer behind when answered", async () => {
    const { api, clock } = setUpPublishing();
    await publisherOf(api, clock).publish({ keys: [key("1")] }, 60_000);
    expect(clock.pendingTimers).toBe(0);
  });

  test("leave no listener behind when answered: Node warns of more than ten on one signal", async () => {
    const added = jest.spyOn(AbortSignal.prototype, "addEventListener");
    try {
      const { publish } = setUpPublishing();
      await publish({ keys: bigKeys(600) });
      const signals = new Set(added.mock.contexts);
      expect(signals.size).toBeGreaterThan(1);
      expect([...signals].flatMap((signal) => getEventListeners(signal as AbortSignal, "abort"))).toEqual([]);
    } finally {
      added.mockRestore();
    }
  });

  test("carry partition keys spread by chance, no longer than their records leave room for", async () => {
    const keys: string[] = [];
    const api = {
      putRecords: async (records: readonly RecordToPut[]) => {
        keys.push(...records.map((record) => record.partitionKey));
        throw new LogFailure("refused", "no");
      },
    } as unknown as StreamApi;
    let chance = 0;
    const clock = new ManualClock();
    const random = () => (chance = (chance + 0.137) % 1);
    const publisher = createRecordPublisher(createStreamLog(api, { name: "orders", clock, random }), clock, random);
    await expect(publisher.publish({ keys: bigKeys(50) }, 1_000)).rejects.toThrow(PublishError);
    expect(new Set(keys).size).toBe(50);
    expect(Math.max(...keys.map((text) => text.length))).toBeLessThanOrEqual(PARTITION_KEY_LENGTH);
  });
});
