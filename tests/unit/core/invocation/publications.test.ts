/** An invocation's own invalidations: what failed is counted, what nobody awaited is said, and overlapping waits are one. */
import { describe, expect, test } from "@jest/globals";
import { Rig, userId } from "../../support/rig.js";

const ONE = userId("1");

describe("W4: publishFailures", () => {
  test("counts each call that was not confirmed, once, in the next report", async () => {
    const rig = new Rig();
    const invocation = await rig.invocation();
    rig.plan = { fail: "refused" };
    const { cache } = invocation;
    const calls = [cache.invalidate(ONE, userId("2")), cache.invalidateSource("db.users.id"), cache.invalidateAll()];
    expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(invocation.end()).toMatchObject({ publishFailures: 3 });
    expect((await rig.invocation()).end()).toMatchObject({ publishFailures: 0 });
  });

  test("counts none that succeeded in the end, and none that was never a publication", async () => {
    const rig = new Rig();
    const invocation = await rig.invocation();
    let attempts = 0;
    rig.plan = () => (attempts++ === 0 ? { fail: "unavailable" } : undefined);
    await invocation.cache.invalidate(ONE);
    await expect(invocation.cache.invalidate("1" as never)).rejects.toThrow("data id");
    expect(attempts).toBe(2);
    expect(invocation.end()).toMatchObject({ publishFailures: 0 });
  });

  test("counts one that failed after its invocation's report in that of the next", async () => {
    const rig = new Rig();
    const invocation = await rig.invocation();
    rig.plan = { answerMs: 50, fail: "refused" };
    const late = invocation.cache.invalidate(ONE).catch(() => "failed");
    expect(invocation.end()).toMatchObject({ publishFailures: 0 });
    await rig.clock.advance(50);
    expect(await late).toBe("failed");
    expect((await rig.invocation()).end()).toMatchObject({ publishFailures: 1 });
  });
});

describe("waits that overlap", () => {
  test("are counted once: publishing", async () => {
    const rig = new Rig();
    const invocation = await rig.invocation();
    rig.plan = { answerMs: 30 };
    const first = invocation.cache.invalidate(ONE);
    await rig.clock.advance(10);
    const second = invocation.cache.invalidate(userId("2"));
    await rig.clock.advance(30);
    await Promise.all([first, second]);
    expect(invocation.end()).toMatchObject({ publishLatencyMs: 40 });
  });

  test("are counted once: refreshing", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    rig.plan = { answerMs: 30 };
    const invocation = rig.begin();
    const waiting = [invocation.catchUp(), invocation.cache.refresh(), invocation.cache.refresh()];
    await rig.clock.advance(60);
    await Promise.all(waiting);
    expect(invocation.end()).toMatchObject({ kinesisLatencyMs: 60 });
  });
});
