/** Publications that share appends: who waits for what, and what becomes of whose records. */
import { describe, expect, test } from "@jest/globals";
import { type Appended, LogFailure } from "../../../src/core/log.js";
import { createGroupCommit } from "../../../src/dynamodb/group-commit.js";
import { ManualClock, settled } from "../../../src/testing/manual-clock.js";
import { records } from "../support/table.js";

const never = () => new AbortController().signal;
const failed: Appended = { written: false, failure: new LogFailure("throttled", "slow down") };

interface Append {
  readonly texts: readonly string[];
  readonly signal: AbortSignal;
  /** Tells the fates: all written unless told otherwise. */
  answer(fates?: readonly Appended[]): void;
  /** Ends it, answered or not. */
  end(outcome?: "throttled" | "done"): void;
}

function setUp(maxBytes = 1_000, random = () => 0.5) {
  const clock = new ManualClock();
  const appends: Append[] = [];
  let written = 0;
  const group = createGroupCommit(clock, random, maxBytes, (batch, signal, answered) => {
    const texts = batch.map((bytes) => new TextDecoder().decode(bytes));
    return new Promise((resolve) => {
      appends.push({
        texts,
        signal,
        answer: (fates = texts.map(() => ({ written: true, at: String(++written) }))) => answered(fates),
        end: (outcome = "done") => resolve(outcome),
      });
    });
  });
  const at = (index: number): Append => {
    const append = appends[index];
    if (append === undefined) throw new Error(`no append ${index}`);
    return append;
  };
  const succeed = async (index: number) => {
    at(index).answer();
    at(index).end();
    await settled();
  };
  return { clock, group, appends, at, succeed, sent: () => appends.map(({ texts }) => texts) };
}

describe("appends", () => {
  test("are made one at a time; what comes meanwhile goes into the next", async () => {
    const { group, sent, succeed } = setUp();
    const calls = ["a", "b", "c"].map((text) => group.append(records(text), never()));
    expect(sent()).toEqual([["a"]]);
    await succeed(0);
    expect(sent()).toEqual([["a"], ["b", "c"]]);
    await succeed(1);
    expect(await Promise.all(calls)).toEqual([
      [{ written: true, at: "1" }],
      [{ written: true, at: "2" }],
      [{ written: true, at: "3" }],
    ]);
  });

  test("have a bound in bytes; a larger record goes alone, and a caller's records keep their order", async () => {
    const { group, sent, succeed } = setUp(5);
    const call = group.append(records("aa", "bb", "cc", "dddddddd", "e"), never());
    await succeed(0);
    await succeed(1);
    await succeed(2);
    await succeed(3);
    expect(sent()).toEqual([["aa", "bb"], ["cc"], ["dddddddd"], ["e"]]);
    expect((await call).map((fate) => fate.written && fate.at)).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("tell each caller the fate of its own records", async () => {
    const { group, at } = setUp();
    group.append(records("first"), never());
    const calls = [group.append(records("a", "b"), never()), group.append(records("c"), never())];
    at(0).end();
    await settled();
    const written: Appended = { written: true, at: "x" };
    at(1).answer([written, failed, written]);
    at(1).end();
    expect(await Promise.all(calls)).toEqual([[written, failed], [written]]);
  });

  test("end only when what follows them is done", async () => {
    const { group, at } = setUp();
    let ended = false;
    const call = group.append(records("a"), never()).then(() => {
      ended = true;
    });
    at(0).answer();
    await settled();
    expect(ended).toBe(false);
    at(0).end();
    await call;
  });

  test("that end without an answer have written nothing that is known", async () => {
    const { group, at } = setUp();
    const call = group.append(records("a"), never());
    at(0).end();
    expect(await call).toMatchObject([{ written: false, failure: { kind: "unavailable" } }]);
  });
});

describe("an append that is not answered", () => {
  test("holds up the next for 200 ms, and no longer", async () => {
    const { clock, group, sent } = setUp();
    group.append(records("a"), never());
    await clock.advance(50);
    group.append(records("b"), never());
    await clock.advance(149);
    expect(sent()).toEqual([["a"]]);
    await clock.advance(1);
    expect(sent()).toEqual([["a"], ["b"]]);
    group.append(records("c"), never());
    await clock.advance(199);
    expect(sent()).toHaveLength(2);
    await clock.advance(1);
    expect(sent()).toEqual([["a"], ["b"], ["c"]]);
  });

  test("still counts when it is answered after the next", async () => {
    const { clock, group, succeed } = setUp();
    const calls = [group.append(records("a"), never()), group.append(records("b"), never())];
    await clock.advance(200);
    await succeed(1);
    await succeed(0);
    expect(await Promise.all(calls)).toEqual([[{ written: true, at: "2" }], [{ written: true, at: "1" }]]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("a caller that leaves", () => {
  test("ends the append when nobody else waits for it", async () => {
    const { group, at } = setUp();
    const abort = new AbortController();
    const call = group.append(records("a"), abort.signal);
    expect(at(0).signal.aborted).toBe(false);
    abort.abort();
    expect(at(0).signal.aborted).toBe(true);
    expect(await call).toMatchObject([{ written: false, failure: { kind: "unavailable" } }]);
  });

  test("takes nothing from the others, before or after the append began", async () => {
    const { group, at, sent, succeed } = setUp();
    const [early, late] = [new AbortController(), new AbortController()];
    group.append(records("first"), never());
    const calls = [
      group.append(records("a"), early.signal),
      group.append(records("b"), late.signal),
      group.append(records("c"), never()),
    ];
    early.abort();
    await succeed(0);
    expect(sent()[1]).toEqual(["b", "c"]);
    late.abort();
    expect(at(1).signal.aborted).toBe(false);
    await succeed(1);
    expect((await Promise.all(calls)).flat().map(({ written }) => written)).toEqual([false, false, true]);
  });

  test("is told what is known of its records by then", async () => {
    const { group, at, succeed } = setUp(2);
    const abort = new AbortController();
    const call = group.append(records("aa", "bb", "cc"), abort.signal);
    await succeed(0);
    // Written, and what follows it is not done yet.
    at(1).answer();
    abort.abort();
    expect((await call).map(({ written }) => written)).toEqual([true, true, false]);
  });

  test("before it came has left", async () => {
    const { group, sent } = setUp();
    expect(await group.append(records("a"), AbortSignal.abort())).toMatchObject([{ written: false }]);
    expect(await group.append([], never())).toEqual([]);
    expect(sent()).toEqual([]);
  });

  test("as the last one leaves no timer behind", async () => {
    const { clock, group } = setUp();
    const abort = new AbortController();
    group.append(records("a"), abort.signal);
    group.append(records("b"), abort.signal);
    expect(clock.pendingTimers).toBe(1);
    abort.abort();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("after a throttled append", () => {
  async function throttle(times: number) {
    const rig = setUp();
    for (let n = 0; n < times; n++) {
      rig.group.append(records("a"), never());
      while (rig.appends.length <= n) await rig.clock.next();
      rig.at(n).answer([failed]);
      rig.at(n).end("throttled");
      await settled();
    }
    return rig;
  }

  test.each([
    [1, 19],
    [2, 38],
    [5, 300],
    [9, 300],
  ])("%i in a row, records are gathered for %i ms", async (times, pauseMs) => {
    const { clock, group, appends, sent } = await throttle(times);
    const before = appends.length;
    for (const text of ["b", "c", "d"]) group.append(records(text), never());
    await clock.advance(pauseMs - 0.01);
    expect(appends).toHaveLength(before);
    await clock.advance(0.02);
    expect(sent().slice(before)).toEqual([["b", "c", "d"]]);
  });

  test("one that is not makes the pauses shorter again", async () => {
    const { clock, group, appends, succeed } = await throttle(2);
    for (const text of ["b", "c", "d"]) {
      const before = appends.length;
      group.append(records(text), never());
      await clock.advance(300);
      await succeed(before);
    }
    const before = appends.length;
    group.append(records("e"), never());
    expect(appends).toHaveLength(before + 1);
  });
});
