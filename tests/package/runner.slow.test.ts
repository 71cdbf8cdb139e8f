/**
 * The local runner does what Lambda does to a function: freezes and thaws it, keeps its state while warm, ends it at the
 * deadline, survives its crashes, and leaves no process behind, however its own process ends.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { LambdaEnvironment } from "../../tools/lambda/environment.js";
import type { LambdaOptions } from "../../tools/lambda/invocation.js";
import { isAlive, stateOf } from "../support/processes.js";
import { until } from "../support/until.js";

const HANDLER = `
import { writeSync } from "node:fs";
let count = 0, ticks = 0;
const started = Date.now();
const instance = Math.random();
process.stdout.write("loading\\n");
if (process.env.INIT === "throws") throw new RangeError("no start");
export const handler = async (event, context) => {
  count += 1;
  const answer = { count, ticks, instance, now: Date.now(), age: Date.now() - started, remainingMs: context.getRemainingTimeInMillis() };
  process.stdout.write("line " + count + "\\n");
  if (event.tick) setInterval(() => { ticks += 1; }, 10);
  if (event.do === "throw") throw new TypeError("boom");
  if (event.do === "exit") process.exit(3);
  if (event.do === "hang") await new Promise((resolve) => setTimeout(resolve, 60_000));
  if (event.do === "reject later") setTimeout(() => Promise.reject(new Error("late")), 100);
  if (event.do === "grow") { const all = []; for (;;) { all.push(Buffer.alloc(8e6, 1)); await new Promise((r) => setTimeout(r, 1)); } }
  if (event.waitMs) await new Promise((resolve) => setTimeout(resolve, event.waitMs));
  return answer;
};`;

interface Answer {
  readonly count: number;
  readonly ticks: number;
  /** Which load of the module answered. */
  readonly instance: number;
  readonly now: number;
  readonly age: number;
  readonly remainingMs: number;
}

let taskRoot: string;
const environments: LambdaEnvironment[] = [];

beforeAll(() => {
  taskRoot = mkdtempSync(join(tmpdir(), "scache-runner-"));
  writeFileSync(join(taskRoot, "index.mjs"), HANDLER);
});
afterAll(() => rmSync(taskRoot, { recursive: true, force: true }));
afterEach(async () => {
  await Promise.all(environments.splice(0).map((environment) => environment.stop()));
});

async function create(options: Partial<LambdaOptions> = {}): Promise<LambdaEnvironment> {
  const environment = await LambdaEnvironment.create({ taskRoot, handler: "index.handler", ...options });
  environments.push(environment);
  return environment;
}

async function answerOf(environment: LambdaEnvironment, event: unknown = {}): Promise<Answer> {
  const { result, error } = await environment.invoke(event);
  if (error !== undefined) throw new Error(error.errorMessage);
  return result as Answer;
}

describe("an environment", () => {
  test("starts with its first invocation and stays warm; its log is complete", async () => {
    const environment = await create();
    const first = await environment.invoke({});
    expect(first).toMatchObject({ result: { count: 1 }, logs: ["loading", "line 1"] });
    expect(first.initMs).toBeGreaterThan(0);
    const second = await environment.invoke({});
    expect(second).toMatchObject({ result: { count: 2 }, logs: ["line 2"] });
    expect(second.initMs).toBeUndefined();
    expect(environment.counts.starts).toBe(1);
  });

  test("is stopped by the system between invocations: its timers do not run, its clock does", async () => {
    const environment = await create();
    const before = await answerOf(environment, { tick: true });
    await until("the environment is frozen", () => environment.frozen);
    // A signal is sent before it arrives: on a busy machine the process may still run for an instant.
    await until("the system has stopped the process", () => stateOf(environment.pid ?? 0) === "T");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const after = await answerOf(environment);
    expect(after.ticks).toBeLessThan(10);
    expect(after.age - before.age).toBeGreaterThanOrEqual(295);
  });

  test("runs on between invocations when it is told to", async () => {
    const environment = await create({ freeze: false });
    await answerOf(environment, { tick: true });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await answerOf(environment)).ticks).toBeGreaterThan(10);
  });

  test("sees its clock moved, and its deadline with it", async () => {
    const environment = await create({ movableClock: true });
    await answerOf(environment);
    environment.moveClock(3_600_000);
    const { now, remainingMs } = await answerOf(environment);
    expect(now - Date.now()).toBeGreaterThan(3_500_000);
    expect(remainingMs).toBeGreaterThan(9_000);
    expect(remainingMs).toBeLessThanOrEqual(10_000);
  });

  test("has nothing of this machine's environment", async () => {
    process.env.ONLY_HERE = "1";
    writeFileSync(join(taskRoot, "variables.mjs"), "export const handler = async () => ({ ...process.env });");
    const environment = await create({ handler: "variables.handler", env: { OWN: "yes" } });
    const { result } = await environment.invoke({});
    expect(result).toMatchObject({ OWN: "yes", LAMBDA_TASK_ROOT: taskRoot });
    expect(result).not.toHaveProperty("ONLY_HERE");
  });
});

describe("what goes wrong in a function", () => {
  test("an error keeps the environment", async () => {
    const environment = await create();
    const { error } = await environment.invoke({ do: "throw" });
    expect(error).toMatchObject({ errorType: "TypeError", errorMessage: "boom" });
    expect((await answerOf(environment)).count).toBe(2);
  });

  test("a time-out ends it, and the next invocation starts anew", async () => {
    const environment = await create();
    const { error, durationMs } = await environment.invoke({ do: "hang" }, { timeoutMs: 200 });
    expect(error).toMatchObject({
      errorType: "Sandbox.Timedout",
      errorMessage: expect.stringContaining("Task timed out after 0.20 seconds"),
    });
    expect(durationMs).toBeGreaterThanOrEqual(199);
    expect((await answerOf(environment)).count).toBe(1);
    expect(environment.counts.starts).toBe(2);
  });

  test("an exit ends it, with the log up to there", async () => {
    const environment = await create();
    const { error, logs } = await environment.invoke({ do: "exit" });
    expect(error?.errorMessage).toContain("exit status 3");
    expect(logs).toEqual(["loading", "line 1"]);
    expect((await answerOf(environment)).count).toBe(1);
  });

  test("too much memory ends it", async () => {
    const environment = await create({ memoryMb: 128 });
    const { error } = await environment.invoke({ do: "grow" });
    expect(error).toMatchObject({ errorType: "Runtime.OutOfMemory" });
  });

  test("a rejection left behind fails the next invocation, as it does in Lambda", async () => {
    const environment = await create();
    await answerOf(environment, { do: "reject later" });
    await until("the environment is frozen", () => environment.frozen);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect((await environment.invoke({ waitMs: 200 })).error?.errorType).toBe("Runtime.ExitError");
  });

  test("an error at start is told to whoever invoked it", async () => {
    const environment = await create({ env: { INIT: "throws" } });
    const { error, logs } = await environment.invoke({});
    expect(error).toMatchObject({ errorType: "RangeError", errorMessage: "no start" });
    expect(logs[0]).toBe("loading");
  });

  test("a kill ends it in the middle of anything", async () => {
    const lines: string[] = [];
    const environment = await create({ onLine: (line) => lines.push(line) });
    const waiting = environment.invoke({ do: "hang" });
    await until("the first line is printed", () => lines.includes("line 1"));
    await environment.kill();
    expect((await waiting).error?.errorMessage).toContain("signal: killed");
  });
});

describe("a streamed answer", () => {
  const STREAMING = `
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event.do === "throw") throw new TypeError("boom");
  if (event.status) stream = awslambda.HttpResponseStream.from(stream, { statusCode: event.status });
  process.stdout.write("begun\\n");
  async function* body() {
    yield "hello ";
    if (event.do === "break") {
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw new Error("half way");
    }
    yield "Ann";
  }
  await pipeline(Readable.from(body()), stream);
  process.stdout.write("ended\\n");
});`;
  beforeAll(() => writeFileSync(join(taskRoot, "streaming.mjs"), STREAMING));
  const streaming = () => create({ handler: "streaming.handler" });

  test("arrives whole, with or without a status, with its log", async () => {
    const environment = await streaming();
    expect(await environment.invoke({})).toMatchObject({ result: "hello Ann", logs: ["begun", "ended"] });
    const { result } = await environment.invoke({ status: 201 });
    expect(result).toEqual({ statusCode: 201, body: "hello Ann" });
    await until("the environment is frozen", () => environment.frozen);
  });

  test("that fails before it begins is an error, and keeps the environment", async () => {
    const environment = await streaming();
    expect((await environment.invoke({ do: "throw" })).error).toMatchObject({ errorType: "TypeError" });
    expect((await environment.invoke({})).result).toBe("hello Ann");
    expect(environment.counts.starts).toBe(1);
  });

  test("that breaks off is an error, and AWS's client ends with it", async () => {
    const environment = await streaming();
    expect((await environment.invoke({ do: "break" })).error).toMatchObject({ errorType: "Runtime.TruncatedResponse" });
    expect((await environment.invoke({})).result).toBe("hello Ann");
    expect(environment.counts.starts).toBe(2);
  });
});

describe("many invocations at once", () => {
  test("run side by side in each worker thread, and the process is never frozen", async () => {
    const environment = await create({ concurrency: { max: 16, workers: 2 } });
    const instances = new Set<number>();
    // The first worker to be ready may take a whole round alone.
    for (let round = 0; instances.size < 2 && round < 50; round += 1) {
      const beganMs = performance.now();
      const answers = await Promise.all(Array.from({ length: 16 }, () => answerOf(environment, { waitMs: 100 })));
      expect(performance.now() - beganMs).toBeLessThan(16 * 100);
      for (const { instance } of answers) instances.add(instance);
    }
    expect(instances.size).toBe(2);
    expect(environment.counts.freezes).toBe(0);
  });
});

describe("no process is left behind", () => {
  const script = (end: string) => `
    const { LambdaEnvironment } = await import(${JSON.stringify(pathToFileURL(fileURLToPath(new URL("../../tools/lambda/environment.ts", import.meta.url))).href)});
    const environment = await LambdaEnvironment.create({ taskRoot: ${JSON.stringify(taskRoot)}, handler: "index.handler" });
    await environment.invoke({});
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.log(environment.pid);
    ${end}`;

  test.each([
    ["when stopped", "await environment.stop();"],
    ["when its process exits without a word", "process.exit(0);"],
    ["when its process is killed", "process.kill(process.pid, 'SIGKILL');"],
  ])("%s", async (_, end) => {
    const file = join(taskRoot, "owner.mts");
    writeFileSync(file, script(end));
    const owner = spawn(process.execPath, ["--import", "tsx", file], {
      cwd: fileURLToPath(new URL("../../", import.meta.url)),
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    owner.stdout.on("data", (chunk) => {
      output += String(chunk);
    });
    await once(owner, "close");
    const pid = Number(output.trim());
    expect(pid).toBeGreaterThan(1);
    await until("the process has ended", () => !isAlive(pid));
    expect(isAlive(pid)).toBe(false);
  });
});
