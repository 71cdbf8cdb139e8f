/**
 * One Lambda execution environment on this machine: AWS's own runtime interface client in a process of its own, frozen
 * the moment it asks for an invocation when there is none, thawed just before it is given one; with deadlines, crashes,
 * memory limits and re-initialisation as in Lambda, and Managed Instances' many invocations at once.
 * What it cannot show: the network, CPU shares and file system of Lambda, and how long a real start takes.
 */
import { randomUUID } from "node:crypto";
import type { InvocationOutcome, LambdaOptions } from "./invocation.js";
import { LogBook } from "./log-book.js";
import { type FunctionError, type HandedOut, RuntimeApi } from "./runtime-api.js";
import { Sandbox } from "./sandbox.js";
import { lambdaVariables } from "./variables.js";

interface Invocation {
  readonly requestId: string;
  readonly event: unknown;
  readonly timeoutMs: number;
  readonly settle: (outcome: InvocationOutcome) => void;
  initMs?: number;
  handedOutMs: number;
  timer?: NodeJS.Timeout;
}

const STOPPED: FunctionError = { errorType: "Local.Stopped", errorMessage: "the environment was stopped" };
const INIT_LIMIT_MS = 10_000;
const MEMORY_CHECK_MS = 20;

export class LambdaEnvironment {
  readonly #options: LambdaOptions;
  readonly #api: RuntimeApi;
  readonly #queue: Invocation[] = [];
  readonly #running = new Map<string, Invocation>();
  readonly #logs = new LogBook();
  readonly #untilIdle: (() => void)[] = [];
  #waiting: ((invocation: HandedOut) => void)[] = [];
  #sandbox: Sandbox | undefined;
  #startedMs = 0;
  #initTimer: NodeJS.Timeout | undefined;
  #memoryTimer: NodeJS.Timeout | undefined;
  #initMs: number | undefined;
  #initError: FunctionError | undefined;
  #clockOffsetMs = 0;
  #stopped = false;
  #freezes = 0;
  #starts = 0;

  private constructor(options: LambdaOptions) {
    this.#options = options;
    this.#api = new RuntimeApi({
      next: (handOut) => this.#next(handOut),
      answered: (requestId, result) => this.#finish(requestId, { result }),
      failed: (requestId, error) => this.#finish(requestId, { error }),
      initFailed: (error) => {
        this.#initError = error;
      },
    });
  }

  /** An environment with no process yet: as in Lambda, the first invocation starts it. */
  static async create(options: LambdaOptions): Promise<LambdaEnvironment> {
    const environment = new LambdaEnvironment(options);
    await environment.#api.listen();
    return environment;
  }

  get pid(): number | undefined {
    return this.#sandbox?.pid;
  }

  get frozen(): boolean {
    return this.#sandbox?.frozen ?? false;
  }

  /** How often the process has been frozen, and how often one was started. */
  get counts(): { readonly freezes: number; readonly starts: number } {
    return { freezes: this.#freezes, starts: this.#starts };
  }

  /** One invocation. Never rejects: what goes wrong is in the outcome, as Lambda reports it. */
  invoke(
    event: unknown,
    options: { readonly timeoutMs?: number; readonly requestId?: string } = {},
  ): Promise<InvocationOutcome> {
    return new Promise((settle) => {
      const invocation = {
        requestId: options.requestId ?? randomUUID(),
        event,
        timeoutMs: options.timeoutMs ?? this.#options.timeoutMs ?? 10_000,
        settle,
        handedOutMs: 0,
      };
      if (this.#stopped) return this.#settle(invocation, { error: STOPPED });
      this.#queue.push(invocation);
      if (this.#sandbox === undefined) this.#start();
      this.#handOut();
    });
  }

  /** Resolves when nothing runs and the process is frozen (or waiting, if it is not to be frozen), or is gone. */
  idle(): Promise<void> {
    if (this.#sandbox === undefined || (this.#running.size === 0 && this.#waiting.length > 0)) return Promise.resolve();
    return new Promise((resolve) => this.#untilIdle.push(resolve));
  }

  /** The clock the function sees from its next invocation on, ahead of this machine's. */
  moveClock(offsetMs: number): void {
    if (this.#options.movableClock !== true) throw new Error("moveClock needs the option movableClock");
    this.#clockOffsetMs = offsetMs;
  }

  /** Ends the process at once, whatever it is doing; the next invocation starts another. */
  async kill(): Promise<void> {
    await this.#sandbox?.kill();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const invocation of this.#queue.splice(0)) this.#settle(invocation, { error: STOPPED });
    await this.kill();
    await this.#api.close();
  }

  #start(): void {
    this.#starts += 1;
    this.#startedMs = performance.now();
    this.#initMs = undefined;
    this.#initError = undefined;
    const { taskRoot, memoryMb = 512, node } = this.#options;
    this.#sandbox = new Sandbox({
      taskRoot,
      env: lambdaVariables(this.#options, this.#api.address),
      nodeArguments: [`--max-old-space-size=${Math.floor(memoryMb * 0.9)}`],
      ...(node === undefined ? {} : { node }),
      onLine: (line) => this.#line(line),
      onExit: (code, signal) => this.#exited(code, signal),
    });
    this.#initTimer = setTimeout(() => void this.kill(), INIT_LIMIT_MS);
    this.#memoryTimer = setInterval(() => this.#checkMemory(memoryMb * 1024 * 1024), MEMORY_CHECK_MS);
    this.#memoryTimer.unref();
  }

  #next(handOut: (invocation: HandedOut) => void): void {
    clearTimeout(this.#initTimer);
    if (this.#initMs === undefined) {
      this.#initMs = performance.now() - this.#startedMs;
      for (const invocation of this.#queue) invocation.initMs = this.#initMs;
    }
    this.#waiting.push(handOut);
    this.#handOut();
    const idle = this.#running.size === 0 && this.#waiting.length > 0;
    if (idle && this.#options.freeze !== false && this.#options.concurrency === undefined) {
      this.#sandbox?.freeze();
      this.#freezes += 1;
    }
    if (idle) for (const wake of this.#untilIdle.splice(0)) wake();
  }

  #handOut(): void {
    const most = this.#options.concurrency?.max ?? 1;
    while (this.#running.size < most && this.#waiting.length > 0 && this.#queue.length > 0) {
      const invocation = this.#queue.shift();
      const handOut = this.#waiting.shift();
      if (invocation === undefined || handOut === undefined) return;
      this.#running.set(invocation.requestId, invocation);
      this.#sandbox?.thaw();
      invocation.handedOutMs = performance.now();
      invocation.timer = setTimeout(() => this.#timeOut(invocation), invocation.timeoutMs);
      handOut(this.#asHandedOut(invocation));
    }
  }

  #asHandedOut({ requestId, event, timeoutMs }: Invocation): HandedOut {
    return {
      body: JSON.stringify(event ?? {}),
      headers: {
        "lambda-runtime-aws-request-id": requestId,
        "lambda-runtime-deadline-ms": String(Date.now() + this.#clockOffsetMs + timeoutMs),
        "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:000000000000:function:local",
        "lambda-runtime-trace-id": `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${"0".repeat(24)};Sampled=0`,
        ...(this.#clockOffsetMs === 0 ? {} : { "local-clock-offset-ms": String(this.#clockOffsetMs) }),
      },
    };
  }

  #timeOut(invocation: Invocation): void {
    const seconds = (invocation.timeoutMs / 1000).toFixed(2);
    const errorMessage = `RequestId: ${invocation.requestId} Error: Task timed out after ${seconds} seconds`;
    // Managed Instances report the time-out and let the code run on; everywhere else the environment is lost.
    if (this.#options.concurrency === undefined) void this.kill();
    this.#finish(invocation.requestId, { error: { errorType: "Sandbox.Timedout", errorMessage } });
  }

  #finish(requestId: string, outcome: Pick<InvocationOutcome, "result" | "error">): boolean {
    const invocation = this.#running.get(requestId);
    if (invocation === undefined) return false;
    this.#running.delete(requestId);
    clearTimeout(invocation.timer);
    const durationMs = performance.now() - invocation.handedOutMs;
    const settle = (logs: readonly string[]) => this.#settle(invocation, outcome, durationMs, logs);
    if (this.#options.concurrency === undefined) this.#logs.whenComplete(requestId, settle);
    else settle([]);
    return true;
  }

  #settle(
    { requestId, initMs, settle }: Invocation,
    outcome: Pick<InvocationOutcome, "result" | "error">,
    durationMs = 0,
    logs: readonly string[] = [],
  ): void {
    settle({ requestId, ...outcome, durationMs, logs, ...(initMs === undefined ? {} : { initMs }) });
  }

  #line(line: string): void {
    if (this.#options.concurrency !== undefined || this.#logs.add(line)) this.#options.onLine?.(line);
  }

  #checkMemory(limitBytes: number): void {
    if (this.#sandbox === undefined || this.#running.size === 0 || this.#sandbox.residentBytes <= limitBytes) return;
    for (const requestId of [...this.#running.keys()]) {
      const errorMessage = `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`;
      this.#finish(requestId, { error: { errorType: "Runtime.OutOfMemory", errorMessage } });
    }
    void this.kill();
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    clearTimeout(this.#initTimer);
    clearInterval(this.#memoryTimer);
    const inInit = this.#initMs === undefined;
    this.#sandbox = undefined;
    this.#waiting = [];
    for (const wake of this.#untilIdle.splice(0)) wake();
    const how = signal === null ? `exit status ${code}` : `signal: ${SIGNALS[signal] ?? signal}`;
    const failure = (requestId: string): FunctionError => ({
      errorType: "Runtime.ExitError",
      errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: ${how}`,
    });
    for (const requestId of [...this.#running.keys()]) this.#finish(requestId, { error: failure(requestId) });
    const logs = this.#logs.close();
    if (inInit) {
      for (const invocation of this.#queue.splice(0)) {
        this.#settle(invocation, { error: this.#initError ?? failure(invocation.requestId) }, 0, logs);
      }
    } else if (this.#queue.length > 0) this.#start();
  }
}

const SIGNALS: Readonly<Record<string, string>> = { SIGKILL: "killed", SIGABRT: "aborted", SIGTERM: "terminated" };
