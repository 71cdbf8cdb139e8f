/**
 * The report's page where it is read: in a browser, if this machine has one, with eyes on what was painted. Where there
 * is none, its script runs against a document without a screen, and what it asks the plotting library to draw is looked at.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parseHTML } from "linkedom";
import type { Browser, Page } from "playwright-core";
import { renderPage } from "../../src/report/page.js";
import { readPageAssets } from "../../src/report/page-assets.js";
import { LogReader } from "../../src/report/read-log.js";
import { syntheticLines } from "../../tools/synthetic-log.js";
import { installedBrowser, openBrowser } from "../support/browser.js";

const PLOTS = ["net", "hits", "waits", "bounds", "traffic", "trouble"];
const folder = mkdtempSync(join(tmpdir(), "scache-page-"));
const file = join(folder, "report.html");
const executable = installedBrowser();

function makePage(): string {
  const reader = new LogReader();
  for (const line of syntheticLines({ startMs: Date.UTC(2026, 0), hours: 24, seed: 11, perHour: 300 }))
    reader.add(line);
  reader.endOfLog();
  const source = { names: ["a made-up log"], bytes: 1, damaged: reader.damaged };
  return renderPage(reader.summary.result(), source, readPageAssets());
}

const html = makePage();

interface Drawn {
  readonly id: string;
  readonly series: number;
  readonly table: readonly (readonly unknown[])[];
  /** What may lie between two lines of the grid, in the unit of the plot; absent: anything. */
  readonly steps: readonly number[] | undefined;
}

/** Runs the page's own script with a plotting library that only writes down what it is asked for. */
function drawWithoutScreen(): Drawn[] {
  const { document } = parseHTML(html);
  const drawn: Drawn[] = [];
  type Options = { series: unknown[]; axes: { incrs?: number[] }[] };
  function uPlot({ series, axes }: Options, table: unknown[][], place: { id: string }) {
    drawn.push({ id: place.id, series: series.length, table, steps: axes[1]?.incrs });
    return { destroy: () => undefined, setSize: () => undefined };
  }
  uPlot.paths = { bars: () => () => null };
  uPlot.tzDate = (date: Date) => date;
  const window = { uPlot, addEventListener: () => undefined };
  const getComputedStyle = () => ({ getPropertyValue: () => "#000" });
  runInNewContext(readPageAssets().script, { window, document, getComputedStyle });
  return drawn;
}

describe("the script of the page", () => {
  test("asks for every plot, each series as long as its axis", () => {
    const drawn = drawWithoutScreen();
    expect(drawn.map(({ id }) => id).sort()).toEqual([...PLOTS].sort());
    for (const { series, table } of drawn) {
      expect(table).toHaveLength(series);
      expect(table[0]?.length).toBeGreaterThan(10);
      expect(new Set(table.map((column) => column.length)).size).toBe(1);
    }
    // Half an invocation would be rounded, and two lines of the grid be called the same.
    for (const id of ["traffic", "trouble"]) {
      const steps = drawn.find((plot) => plot.id === id)?.steps ?? [0.5];
      expect([id, steps.filter((step) => !Number.isInteger(step))]).toEqual([id, []]);
    }
    const [times = [], gains = [], losses = []] = drawn.find(({ id }) => id === "net")?.table ?? [];
    expect(times.filter((_time, at) => gains[at] !== null && losses[at] !== null)).toEqual([]);
    expect(losses.some((value) => typeof value === "number" && value < 0)).toBe(true);
  });
});

// What runs in the page is text here, since these tests are compiled without a browser's types.
const CANVAS = (id: string) => `document.querySelector("#${id} canvas")`;

/** How many pixels of a plot are painted at all. */
async function painted(page: Page, id: string): Promise<number> {
  return page.evaluate(`(() => {
    const canvas = ${CANVAS(id)};
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, at) => at % 4 === 3 && value > 0).length;
  })()`);
}

describe(executable === undefined ? "without a browser" : `in ${executable}`, () => {
  let browser: Browser | undefined;
  beforeAll(async () => {
    writeFileSync(file, html);
    if (executable !== undefined) browser = await openBrowser(executable);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(colorScheme: "light" | "dark", width = 1_180) {
    const page = await browser?.newPage({ colorScheme, viewport: { width, height: 900 } });
    const complaints: string[] = [];
    const requests: string[] = [];
    page?.on("console", (message) => complaints.push(message.text()));
    page?.on("pageerror", (error) => complaints.push(error.message));
    page?.on("request", (request) => requests.push(request.url()));
    await page?.goto(pathToFileURL(file).href);
    return { page, complaints, requests };
  }

  test.each(["light", "dark"] as const)("every plot is painted, in %s, and nothing is fetched", async (scheme) => {
    const { page, complaints, requests } = await open(scheme);
    if (page === undefined) {
      // The document alone then has to have a place for each.
      expect(PLOTS.filter((id) => parseHTML(html).document.getElementById(id) === null)).toEqual([]);
      return;
    }
    for (const id of PLOTS) expect([id, (await painted(page, id)) > 1_500]).toEqual([id, true]);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([pathToFileURL(file).href]);
    await page.close();
  });

  test("choosing a function redraws, and pointing at a plot tells the figures there", async () => {
    const { page, complaints } = await open("light");
    if (page === undefined) {
      expect(parseHTML(html).document.querySelectorAll("#group option").length).toBe(4);
      return;
    }
    const axis = () => page.evaluate<string>(`${CANVAS("traffic")}.toDataURL()`);
    const before = await axis();
    await page.selectOption("#group", { index: 3 });
    expect(await axis()).not.toBe(before);
    await page.hover("#hits .u-over");
    expect(await page.textContent("#hits .u-legend")).toMatch(/UTC.*2026-01-01 \d\d:\d\d:\d\d.*hit rate.*\d %/s);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("on a narrow screen nothing sticks out", async () => {
    const { page } = await open("light", 400);
    if (page === undefined) {
      expect(html).toContain('content="width=device-width, initial-scale=1"');
      return;
    }
    const sticksOut = await page.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth");
    expect(sticksOut).toBeLessThanOrEqual(0);
    await page.close();
  });
});
