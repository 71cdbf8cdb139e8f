/** What a reader makes of the head, of segments, and of what goes wrong with them. */
import { describe, expect, test } from "@jest/globals";
import { LogFailure } from "../../../src/core/log.js";
import { createTableReader } from "../../../src/dynamodb/reader.js";
import type { Head, TableApi } from "../../../src/dynamodb/table-api.js";
import { ManualClock } from "../../../src/testing/manual-clock.js";
import { TestReading } from "../../contract/log-under-test.js";
import { numbered, on, once, readOn, record, setUpReader, setUpTable } from "../support/table.js";

const SMALL = { trimming: { limit: 400, kept: 200 } };

describe("a place", () => {
  test("is taken at the tip by the first reading, which is one strong read of the head", async () => {
    const rig = setUpTable();
    await rig.append("a", "b");
    rig.calls();
    const reader = rig.log.open();
    expect([reader.isPlaced, reader.isWarm(rig.clock.now()), reader.lanes]).toEqual([false, false, 0]);
    // An eventual read would not have seen them.
    rig.setPlan(on("getHead", { staleMs: 3_600_000 }));
    const reading = await readOn(rig, reader);
    expect([reading.told, reading.taken, rig.calls()]).toEqual([["placed"], [], ["getHead"]]);
    expect([reader.isPlaced, reader.isWarm(rig.clock.now()), reader.lanes]).toEqual([true, true, 1]);
    await rig.append("c");
    expect((await readOn(rig, reader)).taken).toEqual(["c"]);
  });

  test("where there is no log is a place, too: whatever comes to be there then is lost", async () => {
    const rig = setUpTable();
    const reader = rig.log.open();
    expect((await readOn(rig, reader)).told).toEqual(["placed"]);
    expect((await readOn(rig, reader)).told).toEqual([]);
    expect([reader.isPlaced, reader.lanes]).toEqual([true, 1]);
    await rig.append("a");
    const lost = await readOn(rig, reader);
    expect([lost.told, lost.taken]).toEqual([["lost"], []]);
    await rig.append("b");
    expect((await readOn(rig, reader)).taken).toEqual(["b"]);
  });

  test("that was given up is taken anew, at the tip", async () => {
    const rig = await setUpReader();
    rig.reader.leave();
    expect([rig.reader.isPlaced, rig.reader.isWarm(rig.clock.now())]).toEqual([false, false]);
    await rig.append("meanwhile");
    const reading = await readOn(rig, rig.reader);
    expect([reading.told, reading.taken]).toEqual([["placed"], []]);
  });

  test("that is given up while an answer is on its way proves nothing", async () => {
    const rig = await setUpReader();
    await rig.append("a");
    const reading = new TestReading(0);
    reading.take = async () => {
      rig.reader.leave();
      return 0;
    };
    await rig.run(rig.reader.read(reading));
    expect(rig.reader.isPlaced).toBe(false);
  });
});

/** Ten records a second, read every second. */
async function readBesideBusyWriters(rig: Awaited<ReturnType<typeof setUpReader>>): Promise<void> {
  for (let second = 0; second < 5; second++) {
    await rig.clock.advance(1_000);
    await rig.append(...numbered(10));
    await readOn(rig, rig.reader);
  }
}

describe("the next reading is expected to be one call", () => {
  test("as long as the head probably goes back far enough", async () => {
    const rig = await setUpReader();
    await readBesideBusyWriters(rig);
    const inHead = rig.head().length;
    expect(inHead).toBe(51);
    const now = rig.clock.now();
    expect([now, now + 5_000, now + 5_200, now + 60_000].map((at) => rig.reader.isWarm(at))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    // Nobody knows how long that was.
    expect(rig.reader.isWarm(now - 1_000)).toBe(true);
  });

  test("however fast a log was written that is gone", async () => {
    const rig = await setUpReader();
    await readBesideBusyWriters(rig);
    rig.table.setHead(undefined);
    await readOn(rig, rig.reader);
    expect([rig.reader.isPlaced, rig.reader.isWarm(rig.clock.now() + 86_400_000)]).toEqual([true, true]);
  });

  test("for ever, where nothing is written", async () => {
    const rig = await setUpReader();
    expect(rig.reader.isWarm(rig.clock.now() + 86_400_000)).toBe(true);
  });
});

describe("a reader that is behind the head", () => {
  test("reads segments and then the head, in two calls", async () => {
    const rig = await setUpReader(SMALL);
    const texts = numbered(60, 40);
    for (const text of texts) await rig.append(text);
    expect(rig.head().length).toBeLessThan(12);
    rig.calls();
    const reading = await readOn(rig, rig.reader);
    expect([reading.told, reading.taken, rig.calls()]).toEqual([[], texts, ["getHead", "querySegments"]]);
  });

  test("follows pages, whatever their size", async () => {
    const rig = await setUpReader(SMALL);
    const texts = numbered(60, 40);
    for (const text of texts) await rig.append(text);
    rig.setPlan(on("querySegments", { pageSegments: 2 }));
    const reading = await readOn(rig, rig.reader);
    expect([reading.told, reading.taken]).toEqual([[], texts]);
    expect(rig.calls().filter((call) => call === "querySegments").length).toBeGreaterThan(3);
  });

  test("keeps what it has taken when a page cannot be read, and goes on from there", async () => {
    const rig = await setUpReader(SMALL);
    const texts = numbered(60, 40);
    for (const text of texts) await rig.append(text);
    let pages = 0;
    rig.setPlan(({ operation }) =>
      operation !== "querySegments" ? undefined : ++pages < 3 ? { pageSegments: 2 } : { fail: "throttled" },
    );
    const cut = await readOn(rig, rig.reader);
    expect(cut.told).toEqual(["fell short"]);
    expect(cut.failures[0]).toMatchObject({ kind: "throttled" });
    expect(cut.taken.length).toBeGreaterThan(10);
    rig.setPlan(() => undefined);
    expect([...cut.taken, ...(await readOn(rig, rig.reader)).taken]).toEqual(texts);
  });

  test("in the middle of a segment reads the rest of it", async () => {
    const rig = await setUpReader(SMALL);
    await rig.append(...numbered(3, 40));
    await readOn(rig, rig.reader);
    const texts = numbered(40, 41);
    for (const text of texts) await rig.append(text);
    expect((await readOn(rig, rig.reader)).taken).toEqual(texts);
  });

  test("looks back no further than segments ordinarily go, and once more where one goes further", async () => {
    for (const { length, calls } of [
      { length: 34, calls: 1 },
      { length: 35, calls: 2 },
      { length: 100, calls: 2 },
    ]) {
      const rig = await setUpReader();
      // The reader has read all of the segment but its last record; what is before it is not asked for.
      const texts = numbered(length, 0);
      await rig.append(...texts.slice(0, -1));
      await readOn(rig, rig.reader);
      const { incarnation = "" } = rig.table.head() ?? {};
      const records = texts.map(record);
      await rig.table.connect().putSegment(incarnation, { first: 1, records }, 9e15, new AbortController().signal);
      rig.table.setHead({ incarnation, first: 1 + length, records: [record("newest")] });
      rig.calls();
      const reading = await readOn(rig, rig.reader);
      expect([reading.told, reading.taken]).toEqual([[], [texts.at(-1), "newest"]]);
      expect(rig.calls()).toEqual(["getHead", ...Array(calls).fill("querySegments")]);
    }
  });

  test("loses what is missing when a segment has expired, and goes on from the tip", async () => {
    const rig = await setUpReader(SMALL);
    for (const text of numbered(60, 40)) await rig.append(text);
    rig.clock.freeze(49 * 3_600_000);
    rig.table.expire();
    const lost = await readOn(rig, rig.reader);
    expect([lost.told, lost.failures]).toEqual([["lost"], [expect.objectContaining({ kind: "lost" })]]);
    await rig.append("after");
    expect((await readOn(rig, rig.reader)).taken).toEqual(["after"]);
  });

  test("loses what is missing when one in the middle is", async () => {
    const rig = await setUpReader(SMALL);
    for (const text of numbered(60, 40)) await rig.append(text);
    const [, [first = 0] = []] = rig.table.segments("scache", "incarnation 1");
    rig.clock.freeze(49 * 3_600_000);
    const items = rig.table.snapshot();
    (items.get("scache#incarnation 1") as Map<number, unknown>).delete(first);
    rig.table.restore(items);
    const lost = await readOn(rig, rig.reader);
    expect(lost.told).toEqual(["lost"]);
    expect(lost.taken.length).toBeLessThan(20);
  });

  test("reads no further than what is cached can be worth, and makes few calls for that", async () => {
    const { api, reader, log } = await farBehind(8_100, 60);
    const reading = new TestReading(0);
    await reader.read(reading);
    expect(reading.told).toEqual(["lost"]);
    expect(log()).toEqual(["getHead", "querySegments"]);
    expect(api.records()).toBeLessThan(262_144 / 50 + 128 * 60);
    const hopeless = await farBehind(1_000_000, 60);
    await hopeless.reader.read(new TestReading(0));
    expect(hopeless.log()).toEqual(["getHead"]);
  });
});

test("a reading that ends in the very moment it finds too much loses nothing: nobody would be told", async () => {
  const { reader, log } = await farBehind(8_100, 60);
  const reading = new TestReading(0);
  const { take } = reading;
  reading.take = async (records) => {
    const taken = await take.call(reading, records);
    reading.end();
    return taken;
  };
  await reader.read(reading);
  expect(reading.told).toEqual([]);
  log().splice(0);
  const next = new TestReading(0);
  await reader.read(next);
  // It goes on where it was, which is not the tip.
  expect([log(), next.taken.length]).toEqual([["getHead", "querySegments"], 8_100 - 7_680 + 1]);
});

/** A reader at the beginning of a log whose head begins `behind` records later; the rest is in segments of 60. */
async function farBehind(behind: number, bytes: number) {
  const calls: string[] = [];
  let served = 0;
  let head: Head = { incarnation: "a", first: 0, records: [] };
  const api = {
    async getHead() {
      calls.push("getHead");
      return head;
    },
    async querySegments({ from, before }: { from: number; before: number }) {
      calls.push("querySegments");
      const begin = Math.ceil(from / 60) * 60;
      const firsts = Array.from({ length: 128 }, (_, index) => begin + index * 60).filter((first) => first < before);
      served += firsts.length * 60;
      const segments = firsts.map((first) => ({
        first,
        records: Array.from({ length: 60 }, () => new Uint8Array(bytes)),
      }));
      return { segments, next: (firsts.at(-1) ?? begin) + 1 };
    },
  } as unknown as TableApi;
  const reader = createTableReader(api, new ManualClock());
  await reader.read(new TestReading(0));
  head = { incarnation: "a", first: behind, records: [record("newest")] };
  calls.splice(0);
  return { api: { records: () => served }, reader, log: () => calls };
}

describe("a head that is not understood", () => {
  test("leaves the reader without a place: nothing is stored, and a person is told what to do", async () => {
    const rig = await setUpReader();
    rig.table.setHead({ records: [], ...rig.table.head(), version: 2 });
    const reading = await readOn(rig, rig.reader);
    expect(reading.told).toEqual(["lost"]);
    expect(reading.failures[0]).toMatchObject({
      kind: "refused",
      message: expect.stringContaining("its version is 2"),
      remedy: expect.stringContaining("deploy a version of scache"),
    });
    expect(rig.reader.isPlaced).toBe(false);
    // With nothing stored there is nothing to lose.
    const again = await readOn(rig, rig.reader);
    expect([again.told, rig.reader.isPlaced]).toEqual([["fell short"], false]);
    rig.table.setHead({ ...rig.table.head(), records: [], version: 1 });
    expect((await readOn(rig, rig.reader)).told).toEqual(["placed"]);
  });
});

describe("a failure", () => {
  test.each(["throttled", "unavailable", "refused"] as const)("%s keeps the place", async (kind) => {
    const rig = await setUpReader();
    await rig.append("a");
    rig.setPlan(once("getHead", { fail: kind }));
    const reading = await readOn(rig, rig.reader);
    expect([reading.told, reading.failures]).toEqual([["fell short"], [expect.objectContaining({ kind })]]);
    expect((await readOn(rig, rig.reader)).taken).toEqual(["a"]);
  });

  test("to find the table gives the place up", async () => {
    const rig = await setUpReader();
    rig.table.delete();
    const reading = await readOn(rig, rig.reader);
    expect([reading.told, rig.reader.isPlaced]).toEqual([["lost"], false]);
    expect((await readOn(rig, rig.reader)).told).toEqual(["fell short"]);
    rig.table.recreate();
    expect((await readOn(rig, rig.reader)).told).toEqual(["placed"]);
  });

  test("that is no LogFailure is told as it is", async () => {
    const error = new TypeError("odd");
    const api = { getHead: () => Promise.reject(error) } as unknown as TableApi;
    const reading = new TestReading(0);
    await createTableReader(api, new ManualClock()).read(reading);
    expect([reading.told, reading.failures]).toEqual([["fell short"], [error]]);
  });
});

describe("an answer that comes late", () => {
  /** A reader whose next answer is given when the test says so. */
  async function answering() {
    let answer: (head: Head) => void = () => undefined;
    const api = {
      getHead: () =>
        new Promise<Head>((resolve) => {
          answer = resolve;
        }),
    } as unknown as TableApi;
    const reader = createTableReader(api, new ManualClock());
    const begin = (reading = new TestReading(0)) => ({ reading, done: reader.read(reading), answer });
    const read = async (head: Head) => {
      const begun = begin();
      begun.answer(head);
      await begun.done;
      return begun.reading;
    };
    return { reader, begin, read };
  }
  const headOf = (first: number, texts: readonly string[], incarnation = "a"): Head => ({
    incarnation,
    first,
    records: texts.map(record),
  });

  test("after the reading has ended moves nothing and tells nothing", async () => {
    const { reader, begin, read } = await answering();
    await read(headOf(0, ["a"]));
    const late = begin();
    late.reading.isOver = true;
    late.answer(headOf(0, ["a", "b"]));
    await late.done;
    expect([late.reading.taken, late.reading.told]).toEqual([[], []]);
    expect((await read(headOf(0, ["a", "b"]))).taken).toEqual(["b"]);
    const lost = begin();
    lost.reading.isOver = true;
    lost.answer(headOf(0, [], "b"));
    await lost.done;
    expect([lost.reading.told, reader.isPlaced]).toEqual([[], true]);
    expect((await read(headOf(0, ["a", "b", "c"]))).taken).toEqual(["c"]);
  });

  test("after a first reading has ended gives no place: nobody was told to refuse older loads", async () => {
    const { reader, begin, read } = await answering();
    const late = begin();
    late.reading.isOver = true;
    late.answer(headOf(0, ["a"]));
    await late.done;
    expect([reader.isPlaced, late.reading.told]).toEqual([false, []]);
    expect((await read(headOf(0, ["a"]))).told).toEqual(["placed"]);
  });

  test("and is older than the place by then moves nothing, and loses nothing", async () => {
    const { begin, read } = await answering();
    await read(headOf(0, ["a"]));
    const old = begin();
    await read(headOf(0, ["a", "b", "c"]));
    old.answer(headOf(0, ["a", "b"]));
    await old.done;
    expect([old.reading.taken, old.reading.told]).toEqual([[], []]);
    expect((await read(headOf(0, ["a", "b", "c", "d"]))).taken).toEqual(["d"]);
  });

  test("and is newer takes only what is new", async () => {
    const { begin, read } = await answering();
    await read(headOf(0, ["a"]));
    const late = begin();
    await read(headOf(0, ["a", "b"]));
    late.answer(headOf(0, ["a", "b", "c"]));
    await late.done;
    expect(late.reading.taken).toEqual(["c"]);
  });

  test("a log that went back, as after a restore, is lost", async () => {
    const { read } = await answering();
    await read(headOf(0, ["a", "b", "c"]));
    const lost = await read(headOf(0, ["a", "b"]));
    expect([lost.told, lost.failures]).toEqual([["lost"], [expect.any(LogFailure)]]);
    expect((await read(headOf(0, ["a", "b", "d"]))).taken).toEqual(["d"]);
  });

  test("a place that was moved while records were taken is not moved by them", async () => {
    const { begin, read } = await answering();
    await read(headOf(0, ["a"]));
    const slow = new TestReading(0);
    let go: () => void = () => undefined;
    slow.take = async (records) => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      return records.length;
    };
    const late = begin(slow);
    late.answer(headOf(0, ["a", "b"]));
    await new Promise((resolve) => setImmediate(resolve));
    await read(headOf(0, [], "another"));
    go();
    await late.done;
    expect((await read(headOf(0, ["x"], "another"))).taken).toEqual(["x"]);
  });
});
