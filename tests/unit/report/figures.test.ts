/** What the reports are made of: quantiles, sparklines, numbers as people read them, and the progress bar. */
import { describe, expect, test } from "@jest/globals";
import { formatBytes, formatCount, formatDuration, formatShare, formatTime } from "../../../src/report/format.js";
import { LogHistogram } from "../../../src/report/log-histogram.js";
import { createProgress } from "../../../src/report/progress.js";
import { sparkline } from "../../../src/report/sparkline.js";

describe("the histogram", () => {
  test("quantiles are within half a bin of the true ones", () => {
    const histogram = new LogHistogram(100);
    const values = Array.from({ length: 10_000 }, (_, n) => 0.5 * 1.001 ** n);
    for (const value of values) histogram.add(value);
    for (const share of [0.01, 0.5, 0.9, 0.99]) {
      const truth = values[Math.ceil(share * values.length) - 1] ?? Number.NaN;
      expect(Math.abs((histogram.quantile(share) ?? 0) / truth - 1)).toBeLessThan(0.012);
    }
  });

  test("zero, tiny and huge values are counted at the ends", () => {
    const histogram = new LogHistogram(20);
    for (const value of [0, -1, 1e-9, 1e12]) histogram.add(value);
    expect(histogram.total).toBe(4);
    expect(histogram.quantile(0.5)).toBeLessThan(0.012);
    expect(histogram.quantile(1)).toBeGreaterThan(800_000);
  });

  test("two merged are as one", () => {
    const [a, b, both] = [new LogHistogram(20), new LogHistogram(20), new LogHistogram(20)];
    for (let n = 1; n <= 100; n += 1) {
      (n % 3 === 0 ? a : b).add(n);
      both.add(n);
    }
    a.merge(b);
    expect([a.total, a.quantile(0.5), a.quantile(0.99)]).toEqual([100, both.quantile(0.5), both.quantile(0.99)]);
  });

  test("without values there is no quantile", () => {
    expect(new LogHistogram(20).quantile(0.5)).toBeUndefined();
  });
});

describe("a sparkline", () => {
  const range = { firstMs: 0, lastMs: 7, width: 8 };
  const samples = (...values: number[]) => values.map((value, at) => ({ atMs: at, value }));

  test("rises with its values, from zero", () => {
    expect(sparkline(samples(0, 1, 2, 3, 4, 5, 6, 7), range).text).toBe("▁▂▃▄▅▆▇█");
    expect(sparkline(samples(100, 100), { ...range, lastMs: 1, width: 2 }).text).toBe("██");
  });

  test("holds losses below zero", () => {
    const spark = sparkline(samples(-7, 0), { ...range, lastMs: 1, width: 2 });
    expect(spark).toMatchObject({ text: "▁█", lowest: -7, highest: 0, values: [-7, 0] });
  });

  test("times without samples are blank, and samples of one step are added or averaged", () => {
    const plain = [1, 1].map((value) => ({ atMs: 0, value }));
    expect(sparkline([...plain, { atMs: 7, value: 1 }], range)).toMatchObject({ text: "█      ▅", highest: 2 });
    const shares = [
      { atMs: 0, value: 1, per: 1 },
      { atMs: 0, value: 0, per: 3 },
      { atMs: 7, value: 0, per: 0 },
    ];
    expect(sparkline(shares, { ...range, top: 1 }).values[0]).toBe(0.25);
    expect(sparkline(shares, { ...range, top: 1 }).text).toBe("▃       ");
  });

  test("samples outside the range count at its ends", () => {
    expect(
      sparkline(
        [
          { atMs: -5, value: 1 },
          { atMs: 99, value: 1 },
        ],
        range,
      ).text,
    ).toBe("█      █");
  });
});

describe("figures in words", () => {
  test.each([
    [0, "0 ms"],
    [0.0421, "0.04 ms"],
    [-12.345, "−12.3 ms"],
    [999.4, "999 ms"],
    [999.9, "1.00 s"],
    [59_940, "59.9 s"],
    [61_000, "1 min 1 s"],
    [3_599_600, "60 min"],
    [3_600_000, "1 h"],
    [90_060_000, "25 h 1 min"],
    [200_000_000, "2 d 8 h"],
  ])("%d ms is %s", (ms, words) => {
    expect(formatDuration(ms)).toBe(words);
  });

  test("counts, shares, bytes and times", () => {
    expect(formatCount(1_234_567)).toBe("1,234,567");
    expect([null, 0, 0.0001, 0.5, 0.9999, 1].map(formatShare)).toEqual(["–", "0 %", "0 %", "50.0 %", "100 %", "100 %"]);
    expect([0, 999, 1_000, 41_568_962, 3e12].map(formatBytes)).toEqual([
      "0 B",
      "999 B",
      "1.00 KB",
      "41.6 MB",
      "3.00 TB",
    ]);
    expect(formatTime(1_767_225_601_000, false)).toBe("2026-01-01 00:00");
    expect(formatTime(1_767_225_601_000, true)).toBe("2026-01-01 00:00:01");
  });
});

describe("the progress bar", () => {
  function bar(isTTY: boolean, totalBytes: number | undefined) {
    const written: string[] = [];
    let now = 0;
    const pass = (ms: number) => {
      now += ms;
    };
    const progress = createProgress({ isTTY, write: (text) => written.push(text) }, totalBytes, () => now);
    return { written, progress, pass };
  }

  test("shows how far, how fast and how long, ten times a second, and clears its line", () => {
    const { written, progress, pass } = bar(true, 10_000_000);
    for (let n = 0; n < 50; n += 1) {
      pass(10);
      progress.advance(100_000);
    }
    expect(written).toHaveLength(5);
    expect(written.at(-1)).toContain("█████████░░░");
    expect(written.at(-1)).toMatch(/41 % of 10\.0 MB, 10\.0 MB\/s, 1\.00 s left/);
    progress.end();
    expect(written.at(-1)).toBe("\r\u001b[2K");
  });

  test("of unknown length it shows what was read", () => {
    const { written, progress, pass } = bar(true, undefined);
    pass(1_000);
    progress.advance(2_000_000);
    expect(written).toEqual(["\r\u001b[2K2.00 MB read, 2.00 MB/s"]);
  });

  test("says nothing where there is no terminal", () => {
    const { written, progress } = bar(false, 10);
    progress.advance(10);
    progress.end();
    expect(written).toEqual([]);
  });
});
