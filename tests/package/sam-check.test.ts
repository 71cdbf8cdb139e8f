/**
 * `npm run sam:local-check` where it cannot run, which it has to say in words. Where it can, `.ci/run` runs it, with SAM.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, test } from "@jest/globals";
import { runTool } from "../support/tool.js";

test("when its ports are taken, it says whose they are and what may hold them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "scache-no-sam-"));
  const sam = join(folder, "sam");
  writeFileSync(sam, "#!/bin/sh\necho SAM CLI, version 0\n");
  chmodSync(sam, 0o755);
  // If somebody has the port already, that will do as well.
  const server = createServer();
  await new Promise((resolve) => server.once("listening", resolve).once("error", resolve).listen(8000, "127.0.0.1"));
  try {
    const PATH = `${folder}${delimiter}${process.env.PATH}`;
    const { code, errors, leftBehind } = await runTool("tools/sam/check.ts", [], { PATH });
    expect({ code, leftBehind }).toEqual({ code: 1, leftBehind: [] });
    expect(errors).toMatch(/^the ports of events\/env\.json are taken, maybe by npm run emulators/);
    expect(errors).toContain("port 8000");
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
