/** What the cache may hold, and what it must not keep: bytes under churn, and invalidations that were read long ago. */
import { Metrics } from "@aws-lambda-powertools/metrics";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { dataId } from "../../src/index.js";
import { type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import type { Body } from "../../tools/proxy.js";
import { heldBytes } from "../support/heap.js";
import { openStage, rowId, type Stage } from "../support/stage.js";
import { captureStandardOutput } from "../support/standard-output.js";
import { gate } from "../support/until.js";

const MIB = 1024 * 1024;

let kinesis: RunningEmulator;
let stage: Stage;

beforeAll(async () => {
  kinesis = await startKinesis();
});
afterAll(() => kinesis.stop());
beforeEach(async () => {
  stage = await openStage(kinesis);
});
afterEach(() => stage.close());

/** A small generator, so that every run sees the same churn. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("maxBytes", () => {
  test("holds within 10 % of what sizeOf reports, under churn", async () => {
    const maxBytes = 200_000;
    const random = seeded(7);
    const sizeOf = (value: unknown) => (value as { bytes: number }).bytes;
    const metrics = new Metrics({ namespace: "scenario" });
    const environment = stage.environment({ maxBytes, sizeOf, metrics, maxStalenessMs: 60_000 });
    const id = (n: number) => dataId<{ bytes: number }>("db.churn.id", String(n));
    const ids = 500;
    /** What sizeOf says of everything that a handler is served. */
    const served = () =>
      environment.invoke((cache) => {
        let sum = 0;
        for (let n = 0; n < ids; n += 1) sum += cache.get(id(n))?.bytes ?? 0;
        return sum;
      });
    await captureStandardOutput(async () => {
      for (let round = 0; round < 40; round += 1) {
        await environment.invoke((cache) => cache.invalidate(id(Math.floor(random() * ids)), id(round)));
        await environment.invoke((cache) => {
          for (let n = 0; n < 200; n += 1) {
            cache.add(id(Math.floor(random() * ids)), { bytes: 1 + Math.floor(random() ** 4 * 20_000) });
          }
        });
        const { result: held, lines } = await captureStandardOutput(served);
        expect(held).toBeLessThanOrEqual(maxBytes);
        expect(Math.abs(JSON.parse(lines.at(-1) ?? "").bytes - held)).toBeLessThan(0.1 * maxBytes);
        // Nothing but what had to go has gone: at most the value that came last did not fit beside the rest.
        if (round > 10) expect(held).toBeGreaterThan(0.9 * maxBytes);
      }
    });
  });
});

describe("a million invalidations", () => {
  const PAGES = 34;
  const KEYS_PER_PAGE = 30_000;

  /** A page of one record that names many ids, none of them twice. */
  function page(number: number, request: Body): Body {
    const keys = Array.from({ length: KEYS_PER_PAGE }, (_, n) => `id=${number * KEYS_PER_PAGE + n}&s=db&t=data.ID`);
    const data = Buffer.from(JSON.stringify({ keys })).toString("base64");
    return {
      Records: [{ Data: data, PartitionKey: "p", SequenceNumber: String(number), ApproximateArrivalTimestamp: 0 }],
      NextShardIterator: request.ShardIterator,
      MillisBehindLatest: number === PAGES - 1 ? 0 : 1,
    };
  }

  test("are read, and none is remembered that no load can still need", async () => {
    const environment = await stage.environment({ refreshTimeoutMs: 60_000 }).settle("1");
    const hold = gate();
    const begun = gate();
    // A load that began before all of them: what it may store must be known, but not by remembering a million ids.
    const slow = environment.invoke(async (cache) => {
      const row = await stage.load("2");
      begun.open();
      await hold.opened;
      return cache.add(rowId("2"), row);
    });
    await begun.opened;
    const before = await heldBytes();
    let pages = 0;
    stage.proxy.fault("GetRecords", { rewriteAnswer: (_, request) => page(pages++, request) }, PAGES);
    expect(await environment.read("1")).toMatchObject({ version: 1, hit: true });
    expect(pages).toBe(PAGES);
    expect((await heldBytes()) - before).toBeLessThan(5 * MIB);
    hold.open();
    // Refused, since which of them it met has been forgotten; never stale.
    expect(await slow).toBe(false);
    await environment.invoke(() => undefined);
    expect((await heldBytes()) - before).toBeLessThan(3 * MIB);
  }, 60_000);
});
