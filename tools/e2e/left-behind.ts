/**
 * Tells what an invocation has left behind in its process: whatever would keep it busy, and promises that nothing has
 * settled though something still holds them. It runs inside the function, around the handler under test.
 * It must count neither what the runtime itself has open nor what the handler under test is meant to leave.
 */
import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Of the runtime's own, with many invocations at once: its connections and the way to its main thread. */
const RUNTIME_RESOURCES: ReadonlySet<string> = new Set(["TCPSocketWrap", "ConnectWrap", "MessagePort", "Immediate"]);
const MANY_AT_ONCE = process.env.AWS_LAMBDA_MAX_CONCURRENCY !== undefined;

/** Promises that are left over are looked for after every so many invocations, those of all of them. */
const LOOK_EVERY = 5;

let running = 0;
/** Promises that are left behind on purpose, to see it noticed. */
const leftBehind: Promise<unknown>[] = [];

/**
 * Runs one invocation, and gives back what it has left behind beside its outcome.
 * @param thoroughly whether to look for promises after this very invocation; else now and then, since it takes 20 ms
 */
export async function watched<Result>(invocation: () => Promise<Result>, thoroughly = false) {
  const leaving = process.env.LEAVE_RUNNING;
  running += 1;
  let outcome: { readonly result: Result } | { readonly error: unknown };
  try {
    outcome = { result: await (promises === undefined ? invocation() : promises.during(invocation)) };
  } catch (error) {
    outcome = { error };
  }
  running -= 1;
  if (leaving === "timer") setTimeout(() => {}, 60_000);
  promises?.during(async () => leaving === "promise" && leftBehind.push(new Promise(() => {})));
  // A connection is let go in the turn after its answer, and closed at the end of that.
  for (let turn = 0; turn < 2; turn += 1) await nextTurn();
  return { outcome, left: [...leftRunning(), ...((await promises?.stillHeld(thoroughly)) ?? [])].join(",") };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** With many invocations at once it can only be told when none runs, since any may be another's. */
function leftRunning(): string[] {
  // Standard output and error are pipes.
  const active = process.getActiveResourcesInfo().filter((name) => name !== "PipeWrap");
  if (MANY_AT_ONCE) return running > 0 ? [] : active.filter((name) => !RUNTIME_RESOURCES.has(name));
  // A streamed answer is still on its way to the runtime when the handler has ended.
  for (let sockets = runtimeSockets(); sockets > 0; sockets -= 1) {
    const index = active.indexOf("TCPSocketWrap");
    if (index >= 0) active.splice(index, 1);
  }
  return active;
}

function runtimeSockets(): number {
  const port = Number(process.env.AWS_LAMBDA_RUNTIME_API?.split(":")[1]);
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): { remotePort?: number }[] };
  return handles.call(process).filter(({ remotePort }) => remotePort === port).length;
}

/** Every promise that invocations make, until it is settled or nothing can settle it any more. */
class PromiseWatch {
  readonly #pending = new Map<number, { readonly promise: WeakRef<object>; readonly madeBy: string }>();
  #invocations = 0;
  /** Tells the invocation's own promises from those of whoever waits for it. */
  readonly #within = new AsyncLocalStorage<true>();
  readonly #hook = createHook({
    init: (id, type, _trigger, promise) => {
      if (type !== "PROMISE" || this.#within.getStore() === undefined) return;
      this.#pending.set(id, { promise: new WeakRef(promise), madeBy: caller() });
    },
    promiseResolve: (id) => this.#pending.delete(id),
  });

  during<Result>(invocation: () => Promise<Result>): Promise<Result> {
    this.#hook.enable();
    return this.#within.run(true, invocation);
  }

  async stillHeld(thoroughly: boolean): Promise<string[]> {
    this.#hook.disable();
    this.#invocations += 1;
    if (!thoroughly && this.#invocations % LOOK_EVERY !== 0) return [];
    // A weak reference made in this turn keeps what it refers to until the next.
    await nextTurn();
    collectGarbage();
    const held = [...this.#pending.values()].filter(({ promise }) => promise.deref() !== undefined);
    this.#pending.clear();
    return held.map(({ madeBy }) => `a promise made ${madeBy}`);
  }
}

function caller(): string {
  const lines = (new Error("here").stack ?? "").split("\n").filter((line) => !line.includes("node:internal"));
  return lines
    .slice(3, 5)
    .join(" ")
    .replaceAll(/\s+|file:\S*\//g, " ");
}

let collect: (() => void) | undefined;

/** All of it: a minor collection takes what only a weak reference refers to for something in use. */
function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
}

const promises = process.env.WATCH_PROMISES === "1" ? new PromiseWatch() : undefined;
