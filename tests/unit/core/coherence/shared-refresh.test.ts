/** How concurrent invocations share refreshes: one under way, one queued, and none that began too early. */
import { describe, expect, test } from "@jest/globals";
import type { Abandonment } from "../../../../src/core/coherence/abandonment.js";
import { createSharedRefresh } from "../../../../src/core/coherence/shared-refresh.js";
import type { Moment } from "../../../../src/core/moment.js";
import { ManualClock, settled } from "../../../../src/testing/manual-clock.js";

interface Work {
  readonly start: Moment;
  readonly abandonment: Abandonment;
  readonly waitMs: number;
  finish(result: string): void;
}

function setUp() {
  const clock = new ManualClock();
  const works: Work[] = [];
  let epoch = 0;
  const refresh = createSharedRefresh<string>(
    clock,
    () => ({ epoch: ++epoch, atMs: clock.now(), monotonicMs: clock.monotonic() }),
    (start, abandonment, waitMs) => new Promise((finish) => works.push({ start, abandonment, waitMs, finish })),
  );
  /** Joins as an invocation that begins now does. */
  const join = (timeoutMs = 1_000) => {
    const began = ++epoch;
    return refresh.join((start) => start.epoch > began, timeoutMs);
  };
  return { clock, works, refresh, join };
}

describe("SharedRefresh", () => {
  test("64 that begin together cost at most two refreshes, and all are served", async () => {
    const { works, join } = setUp();
    const joined = Array.from({ length: 64 }, () => join());
    expect(works).toHaveLength(1);
    works[0]?.finish("first");
    await settled();
    expect(works).toHaveLength(2);
    works[1]?.finish("second");
    expect(await Promise.all(joined)).toEqual(["first", ...Array.from({ length: 63 }, () => "second")]);
  });

  test("an invocation never joins a refresh that began before it did", async () => {
    const { works, join } = setUp();
    const first = join();
    const later = join();
    works[0]?.finish("old");
    await settled();
    works[1]?.finish("new");
    expect([await first, await later]).toEqual(["old", "new"]);
  });

  test("an invocation whose bound allows it joins the one under way", async () => {
    const { works, refresh } = setUp();
    const both = [refresh.join(() => true, 1_000), refresh.join(() => true, 1_000)];
    works[0]?.finish("shared");
    expect(await Promise.all(both)).toEqual(["shared", "shared"]);
    expect(works).toHaveLength(1);
  });

  test("when the time is up the wait ends, and the refresh goes on for those who still wait", async () => {
    const { clock, works, refresh } = setUp();
    const short = refresh.join(() => true, 100);
    const long = refresh.join(() => true, 1_000);
    await clock.advance(100);
    expect(await short).toBeUndefined();
    expect(works[0]?.abandonment.reason).toBeUndefined();
    works[0]?.finish("in the end");
    expect(await long).toBe("in the end");
  });

  test("a refresh that nobody waits for any more is abandoned", async () => {
    const { clock, works, join } = setUp();
    const only = join(100);
    await clock.advance(100);
    expect([await only, works[0]?.abandonment.reason]).toEqual([undefined, "late"]);
  });

  test("an abandoned refresh is not joined, whoever it would suit", async () => {
    const { clock, works, refresh } = setUp();
    const first = refresh.join(() => true, 100);
    await clock.advance(100);
    await first;
    const second = refresh.join(() => true, 1_000);
    works[0]?.finish("aborted");
    await settled();
    works[1]?.finish("whole");
    expect(await second).toBe("whole");
  });

  test("a queued refresh that nobody waits for any more never starts", async () => {
    const { clock, works, refresh, join } = setUp();
    const first = join(1_000);
    const queued = join(100);
    await clock.advance(100);
    expect(await queued).toBeUndefined();
    works[0]?.finish("done");
    await first;
    await settled();
    expect([works.length, refresh.busy]).toEqual([1, false]);
  });

  test("is busy from the first to the last", async () => {
    const { works, refresh, join } = setUp();
    const seen = [refresh.busy];
    const both = [join(), join()];
    seen.push(refresh.busy);
    works[0]?.finish("");
    await settled();
    seen.push(refresh.busy);
    works[1]?.finish("");
    await Promise.all(both);
    seen.push(refresh.busy);
    expect(seen).toEqual([false, true, true, false]);
  });

  test("begins after the refresh before it has ended, on both clocks", async () => {
    const { clock, works, join } = setUp();
    const both = [join(), join()];
    await clock.advance(300);
    works[0]?.finish("");
    await settled();
    works[1]?.finish("");
    await Promise.all(both);
    const [first, second] = works.map((work) => work.start);
    expect([(second?.atMs ?? 0) - (first?.atMs ?? 0), (second?.epoch ?? 0) > (first?.epoch ?? 0)]).toEqual([300, true]);
  });

  test("is told how long the invocation that it is for will wait", async () => {
    const { works, join } = setUp();
    const both = [join(300), join(200)];
    works[0]?.finish("");
    await settled();
    works[1]?.finish("");
    await Promise.all(both);
    expect(works.map(({ waitMs }) => waitMs)).toEqual([300, 200]);
  });

  test("leaves no timer behind, and does not abandon what has ended", async () => {
    const { clock, works, join } = setUp();
    const joined = join();
    works[0]?.finish("");
    await joined;
    expect([clock.pendingTimers, works[0]?.abandonment.reason]).toEqual([0, undefined]);
  });

  test("that fails after all is told to whoever waits, and to nobody else", async () => {
    const clock = new ManualClock();
    let fail: (error: Error) => void = () => undefined;
    const refresh = createSharedRefresh<string>(
      clock,
      () => ({ epoch: 1, atMs: 0, monotonicMs: 0 }),
      () => new Promise((_resolve, reject) => (fail = reject)),
    );
    const waiting = refresh.join(() => true, 1_000);
    fail(new Error("unexpected"));
    await expect(waiting).rejects.toThrow("unexpected");
    const gone = refresh.join(() => true, 10);
    await clock.advance(10);
    expect(await gone).toBeUndefined();
    fail(new Error("too late"));
    await settled();
    expect(refresh.busy).toBe(false);
  });
});
