/** What `npx scache tail` follows, on both logs in memory, and how gently. */
import { describe, expect, test } from "@jest/globals";
import { follow } from "../../../src/cli/follow.js";
import type { OpenLog } from "../../../src/cli/open-log.js";
import { LogFailure } from "../../../src/core/log.js";
import { createTableLog } from "../../../src/dynamodb/log.js";
import { createStreamLog } from "../../../src/kinesis/log.js";
import { ManualClock, settled } from "../../../src/testing/manual-clock.js";
import { MemoryStream } from "../../../src/testing/memory-stream.js";
import { MemoryTable } from "../../../src/testing/memory-table.js";

const bytes = (text: string) => new TextEncoder().encode(text);
const never = new AbortController().signal;
let drawn = 0;
const newIncarnation = () => `incarnation ${++drawn}`;

/** Follows a log, and keeps what it hears. */
function following(open: OpenLog, clock: ManualClock) {
  const heard: string[] = [];
  const end = new AbortController();
  const done = follow(open, clock, end.signal, {
    record: (data) => void heard.push(new TextDecoder().decode(data)),
    note: (text) => void heard.push(`note: ${text}`),
  });
  return {
    heard: () => heard.splice(0),
    async stop() {
      end.abort();
      await settled();
      await done;
    },
    done,
  };
}

function onStream(options: Partial<ConstructorParameters<typeof MemoryStream>[0]> = {}) {
  const clock = new ManualClock();
  const stream = new MemoryStream({ clock, ...options });
  const calls: string[] = [];
  let failing = false;
  const api = stream.connect(({ operation, shardId }) => {
    calls.push(`${operation} ${shardId ?? ""}`.trim());
    return failing ? { fail: "unavailable" } : undefined;
  });
  const parts = { name: "users", clock, random: () => 0.5, clockMarginMs: 2_000 };
  const open: OpenLog = {
    kind: "kinesis",
    stream: { name: "users" },
    api,
    log: (other = api) => createStreamLog(other, parts),
    close() {},
  };
  return {
    clock,
    stream,
    open,
    put: (...texts: string[]) =>
      stream.put(texts.map((text, index) => ({ data: bytes(text), partitionKey: `${text} ${index}` }))),
    calls: () => calls.splice(0),
    fail: (now: boolean) => {
      failing = now;
    },
  };
}

function onTable() {
  const clock = new ManualClock();
  const table = new MemoryTable({ clock });
  const api = table.connect();
  const parts = { table: { name: "changes", log: "scache" }, clock, random: () => 0.5, newIncarnation };
  const open: OpenLog = {
    kind: "dynamodb",
    table: { name: "changes", log: "scache" },
    api,
    log: (other = api) => createTableLog({ ...parts, api: other }),
    close() {},
  };
  return { clock, table, open, put: (...texts: string[]) => open.log().append(texts.map(bytes), never) };
}

describe("a stream", () => {
  test("is followed from now on, in its order, and through a reshard", async () => {
    const { clock, stream, open, put } = onStream({ shards: 2 });
    put("before");
    await clock.advance(60_000);
    const tail = following(open, clock);
    await clock.advance(100);
    expect(tail.heard()).toEqual([]);
    put("a");
    await clock.advance(2_500);
    expect(tail.heard()).toEqual(["a"]);
    for (const shardId of stream.openShardIds()) stream.split(shardId);
    put("b", "c", "d");
    await clock.advance(5_000);
    expect(tail.heard().sort()).toEqual(["b", "c", "d"]);
    await tail.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  test("is read once a second at each shard, however much there is to read", async () => {
    const { clock, open, put, calls } = onStream({ shards: 3, pageRecords: 2, readsPerSecond: 5 });
    const tail = following(open, clock);
    await clock.advance(500);
    calls();
    for (let index = 0; index < 60; index++) put(`record ${index}`);
    await clock.advance(10_000);
    const reads = calls().filter((call) => call.startsWith("getRecords"));
    const byShard = new Map<string, number>();
    for (const call of reads) byShard.set(call, (byShard.get(call) ?? 0) + 1);
    expect(byShard.size).toBe(3);
    for (const count of byShard.values()) {
      expect(count).toBeGreaterThan(8);
      expect(count).toBeLessThanOrEqual(10);
    }
    expect(tail.heard().length).toBeGreaterThan(40);
    await tail.stop();
  });

  test("that cannot be read for a while is told once, and gone on with", async () => {
    const { clock, open, put, fail } = onStream();
    const tail = following(open, clock);
    await clock.advance(1_500);
    fail(true);
    await clock.advance(5_000);
    put("meanwhile");
    expect(tail.heard()).toEqual(["note: it cannot be read: getRecords: unavailable"]);
    fail(false);
    await clock.advance(2_500);
    expect(tail.heard()).toEqual(["meanwhile", "note: it can be read again"]);
    await tail.stop();
  });

  test("that is not there ends it", async () => {
    const { clock, stream, open } = onStream();
    stream.delete();
    await expect(following(open, clock).done).rejects.toThrow(LogFailure);
  });
});

describe("a log in a table", () => {
  test("is followed from now on, through segments", async () => {
    const { clock, open, put } = onTable();
    await put("before");
    const tail = following(open, clock);
    await clock.advance(100);
    expect(tail.heard()).toEqual([]);
    const texts = Array.from({ length: 120 }, (_, index) => `record ${index} `.padEnd(80, "."));
    for (const text of texts) await put(text);
    await clock.advance(1_500);
    expect(tail.heard()).toEqual(texts);
    await tail.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  test("that is not there yet is waited for, and its first record shown", async () => {
    const { clock, open, put } = onTable();
    const tail = following(open, clock);
    await clock.advance(3_000);
    expect(tail.heard()).toEqual(["note: there is no such log yet: its first record makes it"]);
    await put("first", "second");
    await clock.advance(1_000);
    expect(tail.heard()).toEqual(["first", "second"]);
    await put("third");
    await clock.advance(1_500);
    expect(tail.heard()).toEqual(["third"]);
    await tail.stop();
  });

  test("that is deleted, and begun by another record, is told each time", async () => {
    const { clock, table, open, put } = onTable();
    await put("before");
    const tail = following(open, clock);
    await clock.advance(1_500);
    tail.heard();
    table.setHead(undefined);
    await clock.advance(1_000);
    await put("skipped");
    await clock.advance(1_000);
    expect(tail.heard()).toEqual([
      "note: the log was deleted: what was written just before may be missing here",
      "note: the log has begun: what was written just before may be missing here",
    ]);
    await tail.stop();
  });

  test("that is begun anew is told, and gone on with", async () => {
    const { clock, table, open, put } = onTable();
    await put("before");
    const tail = following(open, clock);
    await clock.advance(1_500);
    table.setHead({ incarnation: newIncarnation(), first: 0, records: [] });
    await clock.advance(1_000);
    expect(tail.heard()).toEqual([
      expect.stringMatching(/^note: the log was begun anew.*: what was written just before may be missing here$/),
    ]);
    await put("after");
    await clock.advance(1_000);
    expect(tail.heard()).toEqual(["after"]);
    await tail.stop();
  });

  test("in a table that is not there ends it", async () => {
    const { clock, table, open } = onTable();
    table.delete();
    await expect(following(open, clock).done).rejects.toThrow(LogFailure);
  });
});
