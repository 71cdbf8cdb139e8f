/**
 * The commands that README.md gives for `sam local invoke`, taken from its text, so that what is checked is what a reader
 * would type. It throws when one of them is not there.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface ReadmeCommands {
  /** Builds, and invokes the reader. */
  readonly buildAndInvoke: string;
  /** The second half of it. */
  readonly invoke: string;
  /** The embedded services for containers on Docker Desktop, and for those on Linux. */
  readonly emulators: string;
  readonly emulatorsOnBridge: string;
  /** What Linux needs besides. */
  readonly addHost: string;
}

export function readmeCommands(): ReadmeCommands {
  const text = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");
  const find = (what: string, pattern: RegExp): string => {
    const [, command] = pattern.exec(text) ?? [];
    if (command === undefined) throw new Error(`the README does not say ${what}`);
    return command;
  };
  const buildAndInvoke = find("how to use sam local invoke", /^(npm run sam:build && sam local invoke .+)$/m);
  return {
    buildAndInvoke,
    invoke: buildAndInvoke.slice(buildAndInvoke.indexOf("&& ") + 3),
    emulators: find("how to start the services", /`(npm run emulators)`/),
    emulatorsOnBridge: find("how to start the services for Linux", /`(npm run emulators -- --host \S+)`/),
    addHost: find("what sam needs on Linux", /`(--add-host \S+)`/),
  };
}
