/**
 * Makes the picture of the report in the README: runs the demo for a while, gives its log to the report, and takes a
 * picture of the page in a browser that this machine has.
 */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { renderPage } from "../src/report/page.js";
import { readPageAssets } from "../src/report/page-assets.js";
import { LogReader } from "../src/report/read-log.js";
import { verdictOn } from "../src/report/verdict.js";
import { readArguments, wholeNumber } from "./arguments.js";
import { LOG_TABLE_NAME } from "./emulators/services.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const WIDTH = 1_180;

const USAGE = `usage: npm run report:picture -- [options]

Runs the demo, gives its log to the report, and takes a picture of the page in a browser of this machine.

  --log FILE       takes this log, and runs no demo (none)
  --out FILE       the picture (docs/report.png)
  --seconds N      how long the demo's load lasts, 1 to 60 (40)
  --source-ms MS   added to every call to the demo's DynamoDB, 0 to 1000 (80)
  --json           one JSON object as the last line
  --help           prints this`;

const settings = readArguments({
  usage: USAGE,
  options: {
    log: { type: "string" },
    out: { type: "string", default: join(root, "docs/report.png") },
    seconds: { type: "string", default: "40" },
    "source-ms": { type: "string", default: "80" },
    json: { type: "boolean", default: false },
  },
  read: ({ log, out, json, ...values }) => ({
    log,
    out,
    json,
    seconds: wholeNumber("seconds", values.seconds, 1, 60),
    sourceMs: wholeNumber("source-ms", values["source-ms"], 0, 1000),
  }),
});

/** The demo's own words go to standard error, so that the figures of this tool stand alone. */
async function runDemo(log: string): Promise<void> {
  const { seconds, sourceMs } = settings;
  const args = ["start", "--", "--logs", log, "--seconds", String(seconds), "--source-ms", String(sourceMs)];
  const demo = spawn("npm", args, { cwd: root, stdio: ["ignore", process.stderr, process.stderr] });
  const code = await new Promise((resolve) => demo.once("exit", resolve));
  if (code !== 0) throw new Error(`the demo ended with ${String(code)}`);
  // Of its set-ups, the one that reads its log in every invocation: other bounds than that are what the page compares it with.
  const lines = readFileSync(log, "utf8").split("\n");
  writeFileSync(log, lines.filter((line) => line.includes(`"${LOG_TABLE_NAME}/`)).join("\n"));
}

async function photograph(page: string, out: string): Promise<void> {
  const executablePath = [process.env.CHROME_PATH ?? "", ...BROWSERS].find((path) => path !== "" && existsSync(path));
  if (executablePath === undefined) throw new Error("no browser found: install Chromium, or set CHROME_PATH");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const tab = await browser.newPage({ viewport: { width: WIDTH, height: 900 }, colorScheme: "light" });
    await tab.goto(pathToFileURL(page).href);
    // The answer, the cards and the first four plots: what fits beside a text.
    const end = await tab.evaluate<number>(
      'document.querySelector("#bounds").closest("figure").getBoundingClientRect().bottom',
    );
    await tab.screenshot({
      path: out,
      fullPage: true,
      clip: { x: 0, y: 0, width: WIDTH, height: Math.ceil(end) + 12 },
    });
  } finally {
    await browser.close();
  }
}

const folder = mkdtempSync(join(tmpdir(), "scache-picture-"));
try {
  const log = settings.log ?? join(folder, "demo.log");
  if (settings.log === undefined) await runDemo(log);
  const reader = new LogReader();
  await reader.addFile(log, () => undefined);
  const summary = reader.summary.result();
  if (summary.invocations === 0) throw new Error(`there is no line of scache in ${log}`);
  const page = join(folder, "report.html");
  writeFileSync(
    page,
    renderPage(summary, { names: ["the demo"], bytes: 0, damaged: reader.damaged }, readPageAssets()),
  );
  await photograph(page, settings.out);
  console.log(verdictOn(summary).headline);
  if (settings.json)
    console.log(JSON.stringify({ out: settings.out, invocations: summary.invocations, pays: summary.pays }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
