/** A log is read whatever its bytes are: packed, in any encoding, put together of several, broken in the middle. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "@jest/globals";
import { LogReader } from "../../../src/report/read-log.js";
import { metricLine } from "../../support/metric-lines.js";

const utf16le = (text: string) => Buffer.from(text, "utf16le");
const utf16be = (text: string) => utf16le(text).swap16();
const utf8 = (text: string) => Buffer.from(text);
const linesOf = (hits: readonly number[]) =>
  hits.map((CacheHits) => `${metricLine({ CacheHits, service: "Größe 日本" })}\r\n`).join("");
/** What a compressor cannot shorten, so that a packed log is longer than a slice of it. */
let seed = 1;
const noise = (length: number) =>
  Array.from({ length }, () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed.toString(36);
  }).join(" ");

async function* pieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function read(bytes: Buffer, pieceLength = 1 << 20) {
  const reader = new LogReader();
  const findings = await reader.addStream(pieces(bytes, pieceLength), () => undefined);
  const { hits, groups } = reader.summary.result();
  return { hits, services: groups.map(({ service }) => service), ...findings };
}

const [one, two, three] = [linesOf([1]), linesOf([20]), linesOf([300])];
const all = one + two + three;
const packedTwice = gzipSync(gzipSync(all));

const FORMS: Record<string, Buffer> = {
  "UTF-8": utf8(all),
  "UTF-8 with a mark": utf8(`\ufeff${all}`),
  "UTF-16 LE with a mark": utf16le(`\ufeff${all}`),
  "UTF-16 LE": utf16le(all),
  "UTF-16 BE with a mark": utf16be(`\ufeff${all}`),
  "UTF-16 BE": utf16be(all),
  "UTF-16, each line with a mark": utf16le(`\ufeff${one}\ufeff${two}\ufeff${three}`),
  "UTF-16 after UTF-8": Buffer.concat([utf8(one), utf16le(two + three)]),
  "UTF-16 after UTF-8 and a mark": Buffer.concat([utf8(one), utf16le(`\ufeff${two}${three}`)]),
  "UTF-16 BE after UTF-8 and a mark": Buffer.concat([utf8(one), utf16be(`\ufeff${two}${three}`)]),
  "UTF-8 after UTF-16": Buffer.concat([utf16le(one + two), utf8(three)]),
  "UTF-8 with a mark after UTF-16 BE": Buffer.concat([utf16be(one + two), utf8(`\ufeff${three}`)]),
  "UTF-16 of both orders, with marks": Buffer.concat([
    utf16le(`\ufeff${one}`),
    utf16be(`\ufeff${two}`),
    utf16le(three),
  ]),
  "UTF-16 of both orders, without marks": Buffer.concat([utf16le(one), utf16be(two), utf16le(three)]),
  "UTF-16 shifted by a byte": Buffer.concat([utf16le(one + two), Buffer.from("\n"), utf16le(three)]),
  "zeros amid the text": Buffer.concat([
    utf8(one),
    Buffer.alloc(5_000),
    utf8(two),
    Buffer.from([0, 65, 0, 66]),
    utf8(three),
  ]),
  packed: gzipSync(all),
  "packed with a name": Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]),
    Buffer.from("day.log\0"),
    gzipSync(all).subarray(10),
  ]),
  "packed twice": packedTwice,
  "packed three times": gzipSync(packedTwice),
  "packed four times": gzipSync(gzipSync(packedTwice)),
  "packed twice, in several parts": Buffer.concat([
    gzipSync(gzipSync(all).subarray(0, 200)),
    gzipSync(gzipSync(all).subarray(200)),
  ]),
  "packed in UTF-16": gzipSync(utf16le(`\ufeff${all}`)),
  "packed in several parts": Buffer.concat([
    gzipSync(one.slice(0, 99)),
    gzipSync(one.slice(99) + two),
    gzipSync(three),
  ]),
  "packed before plain": Buffer.concat([gzipSync(one), utf8(two), gzipSync(three)]),
  "packed behind plain": Buffer.concat([utf8(one), gzipSync(two + three)]),
  "packed and filled up with zeros": Buffer.concat([gzipSync(all), Buffer.alloc(512)]),
};

describe("a log of whatever bytes", () => {
  test.each(Object.entries(FORMS))("%s", async (_name, bytes) => {
    for (const length of [1 << 20, 1_000, 97, 1]) {
      const { hits, lines, damaged, problems, services } = await read(bytes, length);
      expect([length, hits, lines, damaged, problems]).toEqual([length, 321, 3, 0, []]);
      expect(services).toEqual(["Größe 日本"]);
    }
  });

  test("a log in characters of two bytes each is read in its own encoding", async () => {
    const chinese = "謟記録日本語".repeat(2_000);
    const { hits, damaged } = await read(utf16le(`\ufeff${one}${chinese}\n${two}${chinese}${three}`));
    expect([hits, damaged]).toEqual([321, 0]);
  });
});

describe("whatever was done to a log, and whatever to that", () => {
  const pretty = (line: string) => JSON.stringify(JSON.parse(line), null, 2);
  const sorted = (line: string) =>
    JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line) as object).sort(([a], [b]) => (a < b ? -1 : 1))));
  const wrapped = (line: string) => JSON.stringify({ level: "INFO", message: line });
  const csv = (line: string) => `1767225600000,"${line.replaceAll('"', '""')}"`;
  const shapes = {
    plain: (line: string) => line,
    sorted,
    pretty,
    "sorted, pretty": (line: string) => pretty(sorted(line)),
  };
  const holders: Record<string, (line: string) => string> = {
    "as it is": (line) => line,
    prefixed: (line) => `app-1  | 2026-01-01T00:00:00Z "x {" ${line}`,
    wrapped,
    "wrapped twice": (line) => wrapped(wrapped(line)),
    "as an object": (line) => `{"time":"now","message":${line},"level":"INFO"}`,
    "in CSV": csv,
    "wrapped in CSV": (line) => csv(wrapped(line)),
    "with numbered quotes": (line) => wrapped(line).replaceAll('\\"', "\\u0022"),
  };
  const encodings: Record<string, (text: string) => Buffer> = {
    utf8,
    utf16le: (text) => utf16le(`\ufeff${text}`),
    utf16be,
  };
  const packings: Record<string, (bytes: Buffer) => Buffer> = { "not packed": (bytes) => bytes, packed: gzipSync };

  test.each(Object.entries(shapes))("%s lines", async (_shape, shape) => {
    for (const [holder, hold] of Object.entries(holders)) {
      const text = linesOf([1, 20, 300])
        .trim()
        .split("\r\n")
        .map((line) => hold(shape(line)))
        .join("\r\n");
      for (const [encoding, encode] of Object.entries(encodings)) {
        for (const [packing, pack] of Object.entries(packings)) {
          const { hits, damaged, problems } = await read(pack(encode(text)), 513);
          expect([holder, encoding, packing, hits, damaged, problems]).toEqual([holder, encoding, packing, 321, 0, []]);
        }
      }
    }
  });
});

describe("a broken log", () => {
  const long = linesOf(Array.from({ length: 300 }, () => 1)).replaceAll("\r\n", () => ` ${noise(60)}\r\n`);

  test("cut while packed, it keeps what came before", async () => {
    const packed = gzipSync(long);
    for (const length of [1 << 20, 777]) {
      const half = await read(packed.subarray(0, packed.length / 2), length);
      expect(half.problems).toEqual(["its packed data ends early"]);
      expect(half.lines).toBeGreaterThan(140);
      expect(half.lines).toBeLessThan(160);
    }
    const { lines, problems } = await read(packed.subarray(0, -3));
    expect([lines, problems]).toEqual([300, ["its packed data ends early"]]);
  });

  test("cut while packed twice, too", async () => {
    const packed = gzipSync(gzipSync(long));
    const { lines, problems } = await read(packed.subarray(0, packed.length / 2));
    expect(problems).toEqual(["its packed data ends early"]);
    expect(lines).toBeGreaterThan(140);
  });

  test("damaged while packed, it keeps what came before and what is packed behind it", async () => {
    const packed = Buffer.from(gzipSync(long));
    const middle = Math.floor(packed.length / 2);
    packed.fill(0xff, middle, middle + 500);
    const { lines, problems } = await read(Buffer.concat([packed, gzipSync(long)]));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^its packed data is damaged/);
    expect(lines).toBeGreaterThan(400);
  });

  test("a plain log behind a broken packed one is read", async () => {
    const packed = gzipSync(long);
    const { lines, problems } = await read(
      Buffer.concat([packed.subarray(0, 70_000), utf8(long.slice(0, 20_000) + one)]),
    );
    expect(problems).toEqual([expect.stringMatching(/^its packed data (ends early|is damaged)$/)]);
    // Nearly all of some 250 packed lines, and some 20 plain ones behind them.
    expect(lines).toBeGreaterThan(255);
    const wrong = Buffer.from(gzipSync(one));
    wrong.writeUInt32LE(1, wrong.length - 4);
    expect((await read(wrong)).problems).toEqual(["its packed data is damaged: the checksum is another"]);
  });

  test("one that cannot be read any further keeps what came before", async () => {
    async function* failing() {
      yield gzipSync(one);
      throw new Error("EIO: the disk is gone");
    }
    const reader = new LogReader();
    const { lines, problems } = await reader.addStream(failing(), () => undefined);
    expect([lines, problems]).toEqual([1, ["it could not be read: EIO: the disk is gone"]]);
  });

  test("cut lines are counted, and the next log does not go on with them", async () => {
    const reader = new LogReader();
    const whole = metricLine();
    const findings: unknown[] = [];
    for (const text of [whole.slice(0, 400), whole.slice(400), `${whole}\n`]) {
      const { lines, damaged } = await reader.addStream(pieces(utf8(text), 100), () => undefined);
      findings.push([lines, damaged]);
    }
    expect(findings).toEqual([
      [0, 1],
      [0, 1],
      [1, 0],
    ]);
    expect(reader.damaged).toBe(2);
  });
});

describe("a log that cannot be read is named as what it is", () => {
  const base64 = JSON.stringify({ awslogs: { data: gzipSync(one).toString("base64") } });
  const zip = Buffer.concat([Buffer.from("PK\u0003\u0004"), gzipSync(one)]);

  test.each<[string, Buffer, RegExp]>([
    ["a zip archive", zip, /it is a zip archive: unpack it first/],
    ["a packed zip archive", gzipSync(zip), /it is a zip archive/],
    ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]), /packed with zstd/],
    ["zlib", deflateSync(one), /packed with zlib/],
    ["bzip2", Buffer.from("BZh91AY&SY"), /packed with bzip2/],
    ["packed too often", gzipSync(gzipSync(gzipSync(gzipSync(gzipSync(one))))), /packed more than 4 times/],
    ["a subscription's record", utf8(base64), /packed data as base64/],
    ["figures as columns", utf8("@timestamp,CacheHits,EntriesInvalidated\n1,2,3\n"), /no whole line/],
    ["no text", Buffer.from(Array.from({ length: 3_000 }, (_, n) => (n * 37) % 256)), /it is not text/],
  ])("%s", async (_name, bytes, problem) => {
    const { lines, damaged, problems } = await read(bytes);
    expect([lines, damaged, problems.length]).toEqual([0, 0, 1]);
    expect(problems[0]).toMatch(problem);
  });

  test("one without a line of ours has nothing wrong with it", async () => {
    expect(await read(utf8("hello 世界\n"))).toMatchObject({ lines: 0, damaged: 0, problems: [] });
    expect(await read(utf8(""))).toMatchObject({ lines: 0, damaged: 0, problems: [] });
  });
});

describe("a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "scache-read-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const readFile = (name: string, bytes: Buffer) => {
    writeFileSync(join(folder, name), bytes);
    return new LogReader().addFile(join(folder, name), () => undefined);
  };

  test("is read by what it holds, not by its name", async () => {
    expect(await readFile("packed", gzipSync(all))).toMatchObject({ lines: 3, problems: [] });
    expect(await readFile("PACKED.GZ", gzipSync(all))).toMatchObject({ lines: 3, problems: [] });
    expect(await readFile("plain.gz", utf8(all))).toMatchObject({ lines: 3, problems: [] });
    const { problems } = await readFile("nothing.gz", utf8("hello"));
    expect(problems).toEqual(["its name ends in .gz, but it has no gzip header"]);
  });

  test("that is not there says so", async () => {
    const { problems } = await new LogReader().addFile(join(folder, "nowhere"), () => undefined);
    expect(problems).toEqual([expect.stringMatching(/^it could not be read: ENOENT/)]);
  });
});

describe("repetitions", () => {
  const day = Array.from({ length: 50 }, (_, n) => metricLine({ requestId: `q-${n}` })).join("\n");

  test("an export that is there again counts once, in whatever form", async () => {
    const reader = new LogReader();
    const first = await reader.addStream(pieces(utf8(day), 999), () => undefined);
    const wrapped = day.split("\n").map((message) => JSON.stringify({ message }));
    const again = await reader.addStream(pieces(gzipSync(wrapped.join("\n")), 999), () => undefined);
    expect([first.lines, first.repeated, again.lines, again.repeated]).toEqual([50, 0, 50, 50]);
    expect(reader.summary.result().invocations).toBe(50);
    const twiceInOne = await new LogReader().addStream(pieces(utf8(`${day}\n${day}`), 999), () => undefined);
    expect([twiceInOne.lines, twiceInOne.repeated]).toEqual([100, 50]);
  });

  test.each<[string, Record<string, unknown>]>([
    ["of another request", { requestId: "r-y" }],
    ["of another cache of the function", { environment: "e9" }],
    ["of a request that Lambda repeats", { _aws: { Timestamp: 1_767_225_660_000 } }],
  ])("a line %s is another", async (_name, fields) => {
    const lines = [metricLine({ requestId: "r-x" }), metricLine({ requestId: "r-x", ...fields })];
    expect(await read(utf8(lines.join("\n")))).toMatchObject({ lines: 2, repeated: 0 });
    expect(await read(utf8([...lines, ...lines].join("\n")))).toMatchObject({ lines: 4, repeated: 2 });
  });

  test("lines that name no request or no cache are all taken as they are", async () => {
    for (const nameless of [metricLine({ requestId: undefined }), metricLine({ environment: undefined })]) {
      expect(await read(utf8(`${nameless}\n${nameless}`))).toMatchObject({ lines: 2, repeated: 0 });
    }
  });
});
