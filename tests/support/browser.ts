/** A browser that this machine happens to have. None is downloaded for a test; which one was used is the caller's to say. */

import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

export function installedBrowser(): string | undefined {
  return [process.env.CHROME_PATH ?? "", ...PLACES].find((path) => path !== "" && existsSync(path));
}

/** Without a sandbox, since tests run as root in containers; it is shown nothing but our own page. */
export async function openBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}
