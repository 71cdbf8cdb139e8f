/**
 * What the core relies on a log doing, as one suite, for every log and its double. It asserts nothing that holds of one kind of
 * log alone: how far a reading goes back where a reader has no place yet, or in how many calls it is made, is each log's own.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { InvalidationLog } from "../../src/core/log.js";
import {
  append,
  encoded,
  type LogService,
  type LogUnderTest,
  never,
  placedReader,
  placeOf,
  read,
  TestReading,
} from "./log-under-test.js";

export function describeLog(name: string, service: LogService): void {
  describe(`an invalidation log: ${name}`, () => {
    let under: LogUnderTest;
    let writer: InvalidationLog;
    let log: InvalidationLog;
    beforeAll(() => service.start());
    afterAll(() => service.stop());
    beforeEach(async () => {
      under = await service.createLog();
      writer = under.connect();
      log = under.connect();
      // So that there is a log: one that comes to be after a reader has looked for it is another matter.
      await append(writer, "before");
    });
    const given = () => ({ under, writer, log });
    describe("appending", () => describeAppends(given));
    describe("reading", () => describeReading(given));
    describe("a reading that ends early", () => describeEarlyEnds(given));
    describe("a place that means nothing any more", () => describeLostPlaces(given));
    describe("tokens", () => describeTokens(given));
  });
}

interface Logs {
  readonly under: LogUnderTest;
  readonly writer: InvalidationLog;
  readonly log: InvalidationLog;
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `record ${index}`);

function describeAppends(given: () => Logs): void {
  test("says what it is, for people and for machines", () => {
    const { log } = given();
    expect(log.label).toMatch(/ "[^"]+"/);
    expect(log.name).not.toBe("");
    expect(log.keepsMs).toBeGreaterThanOrEqual(24 * 3_600_000);
    expect(log.maxRecordBytes).toBeGreaterThanOrEqual(log.recordBytes);
  });

  test("tells the fate of each record, and each is then read", async () => {
    const { under, writer, log } = given();
    const reader = await placedReader(log, under);
    const fates = await writer.append(encoded(numbered(40)), never());
    expect(fates.map(({ written }) => written)).toEqual(numbered(40).map(() => true));
    expect((await read(reader, under)).taken.sort()).toEqual(numbered(40).sort());
  });

  test("of many callers at once, each is told of its own records", async () => {
    const { under, writer, log } = given();
    const reader = await placedReader(log, under);
    const texts = numbered(30).map((text) => [`${text} a`, `${text} b`]);
    const fates = await Promise.all(texts.map((pair) => writer.append(encoded(pair), never())));
    expect(fates.map(({ length }) => length)).toEqual(texts.map(() => 2));
    // One attempt each: of so many at once, a slow service may turn some away.
    const written = texts.flatMap((pair, caller) => pair.filter((_, index) => fates[caller]?.[index]?.written));
    expect(written.length).toBeGreaterThan(0);
    const taken = new Set((await read(reader, under)).taken);
    expect(written.filter((text) => !taken.has(text))).toEqual([]);
  });

  test("nothing appended is nothing written", async () => {
    expect(await given().writer.append([], never())).toEqual([]);
  });

  test("a caller that has left is told that its records may be missing, and takes nothing from others", async () => {
    const { under, writer, log } = given();
    const reader = await placedReader(log, under);
    const leaving = new AbortController();
    const left = writer.append(encoded(["left"]), leaving.signal);
    const stayed = writer.append(encoded(["stayed"]), never());
    leaving.abort();
    const [fate] = await left;
    if (fate?.written === false) expect(fate.failure.kind).toBe("unavailable");
    expect((await stayed).map(({ written }) => written)).toEqual([true]);
    expect((await read(reader, under)).taken).toContain("stayed");
    const [gone] = await writer.append(encoded(["gone"]), AbortSignal.abort());
    expect(gone).toMatchObject({ written: false, failure: { kind: "unavailable" } });
  });

  test("a record that is too large is not written, and the others are", async () => {
    const { under, writer, log } = given();
    const reader = await placedReader(log, under);
    const large = new Uint8Array(writer.maxRecordBytes + 1).fill(65);
    const fates = await writer.append([...encoded(["before"]), large, ...encoded(["after"])], never());
    expect(fates).toHaveLength(3);
    expect(fates[1]?.written).toBe(false);
    const { taken } = await read(reader, under);
    expect(taken.filter((text) => text.length > 100)).toEqual([]);
    const written = ["before", "", "after"].filter((_, index) => fates[index]?.written);
    expect(taken.toSorted()).toEqual(written.toSorted());
  });

  test("where there is no log, every record's failure is told, and nothing is thrown", async () => {
    const { missing } = given().under;
    const fates = await missing.append(encoded(["a", "b"]), never());
    expect(fates).toHaveLength(2);
    for (const fate of fates)
      expect(fate).toMatchObject({ written: false, failure: { name: "LogFailure", kind: "lost" } });
  });
}

function describeReading(given: () => Logs): void {
  test("opening a reader makes no call, and it has no lanes yet", () => {
    const reader = given().log.open();
    expect(reader.lanes).toBe(0);
    expect(reader.covers("anything")).toBe(false);
  });

  test("the first reading gives a place, and says so where there was none", async () => {
    const { under, log } = given();
    const reader = log.open();
    const wasPlaced = reader.isPlaced;
    const reading = await read(reader, under);
    expect(reader.isPlaced).toBe(true);
    expect(reading.told).toEqual(wasPlaced ? [] : ["placed"]);
    expect(reader.lanes).toBeGreaterThan(0);
    expect(reader.isWarm(under.nowMs())).toBe(true);
  });

  test("from then on everything is read, each record once and in order", async () => {
    const { under, writer, log } = given();
    const reader = await placedReader(log, under);
    const readings: string[][] = [];
    for (const texts of [["a"], ["b", "c"], [], ["d", "e", "f"]]) {
      await append(writer, ...texts);
      const reading = await read(reader, under);
      expect(reading.told).toEqual([]);
      readings.push(reading.taken);
    }
    expect(readings).toEqual([["a"], ["b", "c"], [], ["d", "e", "f"]]);
  });

  test("every reading that begins after an append was acknowledged reads it", async () => {
    const { under, writer, log } = given();
    const readers = await Promise.all([placedReader(log, under), placedReader(under.connect(), under)]);
    for (const text of numbered(20)) {
      await append(writer, text);
      const readings = await Promise.all(readers.map((reader) => read(reader, under)));
      expect(readings.map(({ taken }) => taken)).toEqual([[text], [text]]);
    }
  });

  test("a reader far behind reads all of it, in order", async () => {
    const { under, writer, log } = given();
    const reader = await placedReader(log, under);
    const texts = Array.from({ length: 120 }, (_, index) => `record ${index} ${"x".repeat(80)}`);
    for (const text of texts) await append(writer, text);
    const reading = await read(reader, under);
    expect(reading.told).toEqual([]);
    expect(reading.taken).toEqual(texts);
    expect((await read(reader, under)).taken).toEqual([]);
  });

  test("two readers of one log are strangers to each other", async () => {
    const { under, writer, log } = given();
    const early = await placedReader(log, under);
    await append(writer, "a");
    const late = await placedReader(log, under);
    await append(writer, "b");
    expect((await read(early, under)).taken).toEqual(["a", "b"]);
    expect((await read(late, under)).taken).toEqual(["b"]);
  });

  test("a reader that has left its place loses nothing that comes after its next reading", async () => {
    const { under, writer, log } = given();
    const reader = await placedReader(log, under);
    reader.leave();
    await append(writer, "meanwhile");
    await read(reader, under);
    expect(reader.isPlaced).toBe(true);
    await append(writer, "after");
    expect((await read(reader, under)).taken).toEqual(["after"]);
  });
}

function describeEarlyEnds(given: () => Logs): void {
  test.each([0, 1, 3])("cut off after %i of five records, the next one goes on without a gap", async (limit) => {
    const { under, writer, log } = given();
    const reader = await placedReader(log, under);
    const texts = ["a", "b", "c", "d", "e"];
    await append(writer, ...texts);
    const cut = await read(reader, under, limit);
    expect(cut.taken).toEqual(texts.slice(0, limit));
    await append(writer, "f");
    const { taken, told } = await read(reader, under);
    // What was taken already may be read again; nothing may be left out.
    expect(told).toEqual([]);
    expect(texts.slice(limit).every((text) => taken.includes(text))).toBe(true);
    expect(taken).toEqual([...texts, "f"].slice(-taken.length));
    expect((await read(reader, under)).taken).toEqual([]);
  });

  test("cut off in the middle of a long backlog, again and again, it reads all of it", async () => {
    const { under, writer, log } = given();
    const reader = await placedReader(log, under);
    const texts = Array.from({ length: 90 }, (_, index) => `record ${index} ${"x".repeat(80)}`);
    for (const text of texts) await append(writer, text);
    const taken: string[] = [];
    for (const limit of [40, 45, 3, undefined]) taken.push(...(await read(reader, under, limit)).taken);
    expect([...new Set(taken)]).toEqual(texts);
  });

  test("ended before its call is answered, it has moved nothing and told nothing", async () => {
    const { under, writer, log } = given();
    const reader = await placedReader(log, under);
    await append(writer, "a");
    const reading = new TestReading(under.nowMs() - 60_000);
    const ended = reader.read(reading);
    reading.end();
    await ended;
    expect([reading.taken, reading.told.filter((told) => told !== "fell short")]).toEqual([[], []]);
    expect((await read(reader, under)).taken).toEqual(["a"]);
  });
}

function describeLostPlaces(given: () => Logs): void {
  test("where there is no log, a first reading falls short, and nothing is thrown", async () => {
    const { under } = given();
    const reader = under.missing.open();
    const reading = await read(reader, under);
    expect(reading.told).toHaveLength(1);
    expect(reading.failures[0]).toMatchObject({ name: "LogFailure" });
  });

  test("a log that was deleted and created anew is lost, once, and then read on from its tip", async () => {
    const { under, writer, log } = given();
    const reader = await placedReader(log, under);
    await under.recreate();
    await append(writer, "of another log");
    const lost = await read(reader, under);
    expect(lost.told).toEqual(["lost"]);
    expect(lost.failures[0]).toMatchObject({ name: "LogFailure", kind: "lost" });
    await read(reader, under);
    await append(writer, "after");
    expect((await read(reader, under)).taken).toContain("after");
  });
}

function describeTokens(given: () => Logs): void {
  test("is covered once what it names was read, and not before", async () => {
    const { under, writer, log } = given();
    const reader = await placedReader(log, under);
    const token = await append(writer, "a", "b");
    expect(reader.covers(token)).toBe(false);
    await read(reader, under, 1);
    expect(reader.covers(token)).toBe(false);
    await read(reader, under);
    expect(reader.covers(token)).toBe(true);
    const later = await append(writer, "c");
    expect([reader.covers(token), reader.covers(later)]).toEqual([true, false]);
  });

  test("names the last of several records, in whatever order they come", async () => {
    const { under, writer, log } = given();
    const reader = await placedReader(log, under);
    const [a, b] = await writer.append(encoded(["a", "b"]), never());
    const token = writer.tokenFor([placeOf(b), placeOf(a)]);
    await read(reader, under, 1);
    expect(reader.covers(token)).toBe(false);
    await read(reader, under);
    expect(reader.covers(token)).toBe(true);
  });

  test("of another log is never covered", async () => {
    const { under, writer, log } = given();
    const token = await append(writer, "a");
    await under.recreate();
    await append(writer, "b", "c", "d");
    const reader = await placedReader(log, under);
    if (!under.mayNumberAlike) expect(reader.covers(token)).toBe(false);
  });

  test.each([
    ["is empty", ""],
    ["is a word", "read"],
    ["is a number", "0"],
    ["is nothing decoded", "AAAA"],
    ["is JSON", "{}"],
    ["is JSON encoded", Buffer.from("[[]]").toString("base64url")],
    ["is not of its alphabet", "%%%"],
    ["is not of any", "🙂"],
    ["is very long", "x".repeat(100_000)],
    ["names half a place", Buffer.from("0:").toString("base64url")],
  ])("that means nothing is never covered, when it %s", async (_what, token) => {
    const { under, log } = given();
    const reader = await placedReader(log, under);
    expect(reader.covers(token)).toBe(false);
  });

  test("fits into a cookie and needs no escapes there, whatever it names", async () => {
    const { writer } = given();
    const token = await append(writer, "a");
    const places = Array.from({ length: 1_000 }, (_, index) => `${index}`.repeat(300));
    for (const one of [token, writer.tokenFor(places), writer.tokenFor([])]) expect(one).toMatch(/^[\w-]{1,1024}$/);
  });
}
