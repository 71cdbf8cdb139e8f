/** What an append does, and what it says of it. */
import { describe, expect, test } from "@jest/globals";
import { LogFailure } from "../../../src/core/log.js";
import { readToken } from "../../../src/dynamodb/token.js";
import { settled } from "../../../src/testing/manual-clock.js";
import { logOver, numbered, on, once, record, records, setUpTable } from "../support/table.js";

const never = () => new AbortController().signal;

describe("a log in a table", () => {
  test("says what it is", () => {
    const { log } = setUpTable();
    expect([log.name, log.label]).toEqual(["changes/scache", 'log "scache" in table "changes"']);
    expect([log.recordBytes, log.maxRecordBytes, log.keepsMs]).toEqual([1_024, 4_096, 48 * 3_600_000]);
  });
});

describe("an append", () => {
  test("is one call, and tells where each record was written", async () => {
    const rig = setUpTable();
    await rig.append("a");
    rig.calls();
    const fates = await rig.append("b", "c");
    expect(rig.calls()).toEqual(["append"]);
    const at = fates.map((fate) => (fate.written ? fate.at : ""));
    expect(readToken(rig.log.tokenFor([at[0] ?? ""]))).toEqual({ incarnation: "incarnation 1", number: 1 });
    expect(readToken(rig.log.tokenFor(at))).toEqual({ incarnation: "incarnation 1", number: 2 });
  });

  test("of many callers at once is two", async () => {
    const rig = setUpTable();
    const calls = numbered(50).map((text) => rig.log.append(records(text), never()));
    await rig.run(Promise.all(calls));
    expect([rig.calls(), rig.head()]).toEqual([["append", "append"], numbered(50)]);
  });

  test("brings a fresh incarnation each time, so that a late repeat brings no old one back", async () => {
    const rig = setUpTable();
    rig.setPlan(once("append", { actAgainAfterMs: 1_000 }));
    await rig.append("a");
    await rig.append("b");
    expect(rig.table.head()?.incarnation).toBe("incarnation 1");
    rig.table.setHead(undefined);
    await rig.append("c");
    expect(rig.table.head()?.incarnation).toBe("incarnation 3");
  });

  test("is not repeated when it fails, nor told as written when its answer was lost", async () => {
    const rig = setUpTable();
    rig.setPlan(once("append", { loseAnswer: "reject" }));
    expect(await rig.append("a")).toMatchObject([{ written: false, failure: { kind: "unavailable" } }]);
    expect([rig.calls(), rig.head()]).toEqual([["append"], ["a"]]);
    rig.setPlan(once("append", { fail: "refused" }));
    expect(await rig.append("b", "c")).toMatchObject([
      { written: false, failure: { kind: "refused" } },
      { written: false, failure: { kind: "refused" } },
    ]);
    expect(rig.head()).toEqual(["a"]);
  });

  test("of records that are too large sends the others", async () => {
    const rig = setUpTable();
    const large = new Uint8Array(4_097);
    const fates = await rig.run(rig.log.append([record("a"), large, record("b")], never()));
    expect(fates.map(({ written }) => written)).toEqual([true, false, true]);
    expect(fates[1]).toMatchObject({ failure: { kind: "refused", message: expect.stringContaining("4096 bytes") } });
    expect(rig.head()).toEqual(["a", "b"]);
    expect(await rig.run(rig.log.append([large], never()))).toMatchObject([{ written: false }]);
  });

  test("of more than one full record is several", async () => {
    const rig = setUpTable();
    await rig.append(...numbered(10, 1_000));
    expect(rig.calls().filter((call) => call === "append")).toHaveLength(10);
  });

  test("to a head of a later version is written; where, is not known", async () => {
    const rig = setUpTable();
    await rig.append("a");
    rig.table.setHead({ records: [], ...rig.table.head(), version: 2 });
    const [fate] = await rig.append("b".padEnd(2_000), "c".padEnd(2_000));
    expect(fate).toEqual({ written: true, at: "" });
    expect(readToken(rig.log.tokenFor([""]))).toBeUndefined();
    // How to make room in it is not known either.
    expect(new Set(rig.calls())).toEqual(new Set(["append"]));
  });
});

describe("making room", () => {
  const fill = (rig: ReturnType<typeof setUpTable>) => rig.append(...numbered(40, 100).slice(0, 20));

  test("follows the append that was elected, which waits for it; no other does", async () => {
    const rig = setUpTable();
    rig.setPlan(() => ({ answerMs: 10 }));
    let elected = 0;
    for (const text of numbered(80, 100)) {
      const before = rig.clock.monotonic();
      await rig.append(text);
      const calls = rig.calls();
      if (calls.length > 1) elected++;
      expect(calls).toEqual(calls.length > 1 ? ["append", "putSegment", "trim"] : ["append"]);
      expect(rig.clock.monotonic() - before).toBe(calls.length * 10);
    }
    expect(elected).toBeGreaterThan(1);
    expect(rig.table.headBytes()).toBeLessThan(4_400);
  });

  test("is given up after half a second, and the records are written all the same", async () => {
    const rig = setUpTable();
    rig.setPlan(on("putSegment", { hang: true }));
    const before = rig.clock.monotonic();
    const fates = [...(await fill(rig)), ...(await fill(rig)), ...(await fill(rig))];
    expect(fates.every(({ written }) => written)).toBe(true);
    expect(rig.clock.monotonic() - before).toBeGreaterThanOrEqual(500);
    expect(rig.clock.monotonic() - before).toBeLessThanOrEqual(5_000);
    expect([rig.api.pendingCalls, rig.clock.pendingTimers]).toEqual([0, 0]);
  });

  test("ends with the last caller, who knows by then that the records are written", async () => {
    const rig = setUpTable();
    rig.setPlan(on("trim", { hang: true }));
    const abort = new AbortController();
    const call = rig.log.append(records(...numbered(45, 100).slice(0, 20)), abort.signal);
    const second = rig.log.append(records(...numbered(45, 100)), abort.signal);
    await settled();
    abort.abort();
    const fates = [...(await call), ...(await second)];
    expect(fates.filter(({ written }) => written).length).toBeGreaterThan(38);
    await settled();
    expect([rig.api.pendingCalls, rig.clock.pendingTimers]).toEqual([0, 0]);
  });

  test("that is refused is told to whoever listens, and to no caller", async () => {
    const rig = setUpTable();
    rig.setPlan(on("putSegment", { fail: "refused" }));
    const fates = [...(await fill(rig)), ...(await fill(rig)), ...(await fill(rig))];
    expect(fates.every(({ written }) => written)).toBe(true);
    expect(rig.failures[0]).toMatchObject({ kind: "refused" });
    const quiet = logOver(rig, {});
    await rig.run(quiet.append(records(...numbered(60, 100)), never()));
  });
});

describe("a head that can hold no more", () => {
  test("is begun anew, so that the next attempt finds room", async () => {
    const rig = setUpTable();
    rig.table.setHead({
      incarnation: "full",
      first: 3,
      records: Array.from({ length: 400 }, () => new Uint8Array(1_023)),
    });
    expect(await rig.append("a")).toMatchObject([{ written: false, failure: { kind: "unavailable" } }]);
    expect(rig.calls()).toEqual(["append", "getHead", "reset"]);
    expect(await rig.append("a")).toMatchObject([{ written: true }]);
    expect(rig.table.head()).toMatchObject({ first: 0, records: [record("a")] });
    expect(rig.table.head()?.incarnation).not.toBe("full");
  });

  test("and cannot be begun anew is told with what a person can do", async () => {
    const rig = setUpTable();
    rig.table.setHead({ incarnation: "full", first: 3, version: 2, records: [new Uint8Array(409_599)] });
    const fates = await rig.append("a");
    expect(fates).toMatchObject([{ written: false, failure: { remedy: expect.stringContaining("npx scache reset") } }]);
    rig.setPlan(on("reset", { fail: "refused" }));
    rig.table.setHead({ incarnation: "full", first: 3, records: [new Uint8Array(409_599)] });
    expect(await rig.append("a")).toMatchObject([{ written: false }]);
    expect(rig.failures).toMatchObject([{ kind: "refused" }]);
  });
});

describe("the head is kept smaller", () => {
  /** The largest that it was, over so many appends. */
  async function largest(rig: ReturnType<typeof setUpTable>, appends: number, everyMs: number): Promise<number> {
    let bytes = 0;
    for (const text of numbered(appends, 60)) {
      await rig.append(text);
      await rig.clock.advance(everyMs);
      bytes = Math.max(bytes, rig.table.headBytes());
    }
    return bytes;
  }

  test("the more is written", async () => {
    expect(await largest(setUpTable(), 200, 100)).toBeGreaterThan(3_900);
    const busy = setUpTable();
    await largest(busy, 200, 5);
    expect(await largest(busy, 400, 5)).toBeLessThan(2_000);
  });

  test("for a minute after an append was throttled", async () => {
    const rig = setUpTable();
    await rig.append("before");
    rig.setPlan(once("append", { fail: "throttled" }));
    await rig.append("throttled");
    rig.setPlan(() => undefined);
    await rig.clock.advance(1_000);
    expect(await largest(rig, 50, 100)).toBeLessThan(1_000);
    await rig.clock.advance(60_000);
    expect(await largest(rig, 100, 100)).toBeGreaterThan(3_900);
  });

  test("a clock that was set back does not make it so for ever", async () => {
    const rig = setUpTable();
    await rig.append("before");
    rig.setPlan(once("append", { fail: "throttled" }));
    await rig.append("throttled");
    rig.clock.freeze(-3_600_000);
    expect(await largest(rig, 100, 100)).toBeGreaterThan(3_900);
  });
});

test("an error that is none of the port's is told as one of them", async () => {
  const rig = setUpTable();
  const log = logOver(rig, {
    api: Object.assign(Object.create(rig.api), { append: () => Promise.reject(new TypeError("odd")) }),
  });
  const [fate] = await log.append(records("a"), never());
  expect(fate).toMatchObject({
    written: false,
    failure: { kind: "unavailable", message: expect.stringContaining("odd") },
  });
  expect(fate?.written === false && fate.failure).toBeInstanceOf(LogFailure);
});
