/** The reading beside one handler: when it begins, whether it is worth waiting for, and that nothing begins after the end. */
import { describe, expect, jest, test } from "@jest/globals";
import type { Wanted } from "../../../../src/core/invocation/demand.js";
import { ReadingBeside } from "../../../../src/core/invocation/reading-beside.js";
import { ManualClock, settled } from "../../../../src/testing/manual-clock.js";

/** A reading that takes as long as the test wants, is expected to take 10 ms, and is late after 20. */
async function setUp({ keptShare = 1, paysOnceFound = false, mayBegin = true } = {}) {
  const clock = new ManualClock();
  // No moment is 0: a time that was not noted must not look like one.
  await clock.advance(1_000);
  const readings: { end: (told?: Error) => void; leave: AbortSignal }[] = [];
  const waits: number[] = [];
  const ended: Wanted[] = [];
  const beside = new ReadingBeside({
    clock,
    outlook: {
      expectedMs: () => 10,
      patienceMs: () => 20,
      warmMs: () => 10,
      mayBegin: () => mayBegin,
      growsOld: () => false,
    },
    demand: {
      pays: () => false,
      paysOnceFound: () => paysOnceFound,
      carriedMs: 0,
      isWanted: false,
      keptShare,
      waited: () => undefined,
      ended: (wanted) => ended.push(wanted),
    },
    read: (leave) => new Promise((end) => readings.push({ end, leave })),
    waited: (fromMs, untilMs) => waits.push(untilMs - fromMs),
  });
  return { clock, beside, readings, waits, ended };
}

describe("a reading that may be left behind", () => {
  test("is begun once", async () => {
    const { beside, readings } = await setUp();
    expect([beside.mayBegin(), beside.mayBegin(), readings.length]).toEqual([true, true, 1]);
  });

  test("is not begun where it probably would be", async () => {
    const { beside, readings } = await setUp({ mayBegin: false });
    expect([beside.mayBegin(), readings.length]).toEqual([false, 0]);
  });
});

describe("waiting", () => {
  test("is worth it where loading takes longer, and begins the reading", async () => {
    const { beside, readings } = await setUp();
    expect([beside.isWorthWaiting(11), readings.length]).toEqual([true, 1]);
  });

  test("is not where loading takes less, and begins none", async () => {
    const { beside, readings } = await setUp();
    expect([beside.isWorthWaiting(9), readings.length]).toEqual([false, 0]);
  });

  test("is not where loading takes less, but the reading is begun for those that follow, if that paid before", async () => {
    const { beside, readings } = await setUp({ paysOnceFound: true });
    expect([beside.isWorthWaiting(9), readings.length]).toEqual([false, 1]);
  });

  test("counts what is left of the reading under way", async () => {
    const { clock, beside } = await setUp();
    void beside.begin();
    await clock.advance(6);
    expect([beside.isWorthWaiting(3), beside.isWorthWaiting(5)]).toEqual([false, true]);
  });

  test("counts by how probable it is that what was found is still there", async () => {
    const { beside } = await setUp({ keptShare: 0.5 });
    expect([beside.isWorthWaiting(15), beside.isWorthWaiting(25)]).toEqual([false, true]);
  });

  test("of one alone is worth it also where it is probably gone, if it took long enough; of several is not", async () => {
    const { beside } = await setUp({ keptShare: 0.4 });
    expect(beside.isWorthWaiting(100)).toBe(true);
    void beside.wait();
    expect(beside.isWorthWaiting(100)).toBe(false);
  });

  test("of several is worth it where all of them are probably kept", async () => {
    const { beside } = await setUp({ keptShare: 0.9 });
    expect(beside.isWorthWaiting(100)).toBe(true);
    void beside.wait();
    expect(beside.isWorthWaiting(100)).toBe(true);
  });

  test("ends with the reading, and one that has ended is not waited for", async () => {
    const { clock, beside, readings, waits } = await setUp();
    void beside.begin();
    const first = beside.wait();
    await clock.advance(7);
    readings[0]?.end();
    expect([await first, await beside.wait(), waits]).toEqual(["read", "read", [7]]);
  });

  test("ends when the reading is late, and one that is late is not waited for", async () => {
    const { clock, beside, waits } = await setUp();
    void beside.begin();
    const first = beside.wait();
    await clock.advance(20);
    expect([await first, await beside.wait(), waits, clock.pendingTimers]).toEqual(["late", "late", [20], 0]);
  });

  test("throws what the reading tells", async () => {
    const { beside, readings } = await setUp();
    void beside.begin();
    const waiting = expect(beside.wait()).rejects.toThrow("throttled");
    readings[0]?.end(new Error("throttled"));
    await waiting;
  });
});

describe("the end of the invocation", () => {
  test("leaves a reading under way behind: whoever waits is told at once, and it counts as none", async () => {
    const { beside, readings, ended, clock } = await setUp();
    void beside.begin();
    const waiting = beside.wait();
    beside.end(0);
    expect([readings[0]?.leave.aborted, await waiting, clock.pendingTimers]).toEqual([true, "late", 0]);
    expect(ended[0]?.wasRead).toBe(false);
  });

  test("aborts no reading that has ended", async () => {
    const { beside, readings, ended } = await setUp();
    void beside.begin();
    readings[0]?.end();
    await settled();
    beside.end(0);
    expect([readings[0]?.leave.aborted, ended[0]?.wasRead]).toEqual([false, true]);
  });

  test("aborts nothing where nothing was read, since that takes longer than all the rest of it", async () => {
    const { beside } = await setUp();
    const abort = jest.spyOn(AbortController.prototype, "abort");
    beside.end(0);
    expect(abort).not.toHaveBeenCalled();
    abort.mockRestore();
  });

  test("is the last that begins anything", async () => {
    const { beside, readings } = await setUp();
    beside.end(0);
    expect([beside.mayBegin(), beside.isWorthWaiting(100), await beside.waitAfterAll()]).toEqual([
      false,
      false,
      "late",
    ]);
    await beside.ready();
    expect(readings).toEqual([]);
  });

  test("tells what was found and when, and what loads in place of waiting have really taken", async () => {
    const { clock, beside, ended } = await setUp();
    await clock.advance(4);
    expect(beside.isWorthWaiting(8)).toBe(false);
    const loaded = beside.loads(8);
    await clock.advance(3);
    loaded();
    await clock.advance(50);
    beside.isWorthWaiting(1);
    beside.end(40);
    expect(ended).toEqual([{ foundMs: 43, firstAfterMs: 4, spentMs: 3, wasRead: false }]);
  });
});
