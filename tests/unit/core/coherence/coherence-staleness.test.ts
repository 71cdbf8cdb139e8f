/** When a proof is young enough to save reading the stream, and when not. */
import { describe, expect, test } from "@jest/globals";
import { Rig, userId } from "../../support/rig.js";

const ONE = userId("1");

describe("maxStalenessMs", () => {
  /** Past its first refresh, so that the next is one call, which is due after `maxStalenessMs`. */
  async function steady(maxStalenessMs: number): Promise<Rig> {
    const rig = new Rig({ maxStalenessMs });
    await rig.warm({ 1: "one" });
    await rig.clock.advance(maxStalenessMs + 1);
    (await rig.invocation()).end();
    rig.forgetCalls();
    return rig;
  }

  test("saves the call while the proof is young enough, and not a moment longer", async () => {
    const rig = await steady(1_000);
    const provenAtMs = rig.clock.now();
    rig.elsewhere.invalidates(ONE);
    await rig.clock.advance(1_000);
    const within = await rig.invocation();
    expect([within.cache.get(ONE), rig.calls]).toEqual(["one", []]);
    expect(within.cache.freshness).toEqual({ state: "fresh", asOf: provenAtMs, boundMs: 1_000 });
    await rig.clock.advance(1);
    expect((await rig.invocation()).cache.get(ONE)).toBeUndefined();
  });

  test("counts from the beginning of the refresh, not from its end", async () => {
    const rig = await steady(1_000);
    await rig.clock.advance(1_001);
    rig.plan = { answerMs: 600 };
    const reading = rig.begin();
    const caughtUp = reading.catchUp();
    await rig.clock.advance(600);
    await caughtUp;
    expect(reading.cache.freshness).toMatchObject({ state: "fresh", boundMs: 0 });
    rig.plan = {};
    rig.forgetCalls();
    await rig.clock.advance(401);
    (await rig.invocation()).end();
    expect(rig.calls).toEqual(["getRecords"]);
  });

  test("lets an invocation join a refresh that began within the bound before it", async () => {
    const rig = await steady(100);
    await rig.clock.advance(101);
    rig.plan = { answerMs: 300 };
    const first = rig.begin().catchUp();
    await rig.clock.advance(99);
    const joined = rig.begin();
    const joining = joined.catchUp();
    await rig.clock.advance(1);
    const late = rig.begin();
    const waiting = late.catchUp();
    await rig.clock.advance(200);
    await Promise.all([first, joining]);
    expect([rig.calls.length, joined.cache.freshness.state, joined.cache.freshness.boundMs]).toEqual([2, "fresh", 99]);
    await rig.clock.advance(300);
    await waiting;
    expect(late.cache.freshness).toMatchObject({ state: "fresh", boundMs: 0 });
    expect(rig.calls).toEqual(["getRecords", "getRecords"]);
  });

  test("does not keep refresh() from reading the stream", async () => {
    const rig = await steady(1_000);
    const { cache } = await rig.invocation();
    expect(rig.calls).toEqual([]);
    await rig.clock.advance(600);
    expect(await cache.refresh()).toEqual({ state: "fresh", asOf: rig.clock.now(), boundMs: 0 });
    expect(rig.calls).toEqual(["getRecords"]);
  });

  test("joins no refresh that began before the clock was set back: its age is not known", async () => {
    const rig = await steady(10);
    await rig.clock.advance(11);
    rig.plan = { answerMs: 100 };
    const first = rig.begin().catchUp();
    await rig.clock.advance(20);
    rig.elsewhere.invalidates(ONE);
    await rig.clock.advance(30);
    rig.clock.freeze(-60_000);
    const later = rig.begin();
    const reading = later.catchUp();
    await rig.clock.advance(200);
    await Promise.all([first, reading]);
    expect(later.cache.get(ONE)).toBeUndefined();
    expect(rig.calls.length).toBeGreaterThan(1);
  });

  test("trusts no proof from the future, after the clock was set back", async () => {
    const rig = await steady(1_000);
    rig.clock.freeze(-500);
    rig.plan = { fail: "unavailable" };
    expect((await rig.invocation()).cache.freshness.state).toBe("bypassed");
  });
});

describe("without maxStalenessMs", () => {
  test("an invocation joins the refresh that another began after it did", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    rig.plan = { answerMs: 100 };
    const [earlier, later] = [rig.begin(), rig.begin()];
    const both = [later.catchUp(), earlier.catchUp()];
    await rig.clock.advance(100);
    await Promise.all(both);
    expect([rig.calls, earlier.cache.get(ONE)]).toEqual([["getRecords"], "one"]);
  });

  test("an invocation joins none that began before it did, though a clock set back says otherwise", async () => {
    const rig = new Rig();
    await rig.warm({ 1: "one" });
    rig.plan = { answerMs: 100 };
    const reading = rig.begin().catchUp();
    await rig.clock.advance(50);
    rig.elsewhere.invalidates(ONE);
    rig.clock.freeze(-1_000);
    const second = rig.begin();
    const waiting = second.catchUp();
    await rig.clock.advance(1_000);
    await Promise.all([reading, waiting]);
    expect([second.cache.freshness.state, second.cache.get(ONE)]).toEqual(["fresh", undefined]);
  });
});
