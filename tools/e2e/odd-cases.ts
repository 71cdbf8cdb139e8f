/**
 * The ways in which an invocation can end otherwise than it should, and what is promised of each: what its caller gets,
 * and when its metrics are written. docs/design.md has the same as a table.
 */

export interface OddCase {
  readonly odd: string;
  /** The user; another hook's answer; or the type of the error. */
  readonly gives: "user" | "early" | readonly string[];
  /** In which invocation its metrics line is printed. */
  readonly reported: "itself" | "next" | "never";
  /** How often it asked the cache before `after`. */
  readonly asked: number;
  /** The environment is lost with it. */
  readonly ends?: true;
  readonly timeoutMs?: number;
  /** The handler runs on, and offers an old value to the cache: before others' news has been read, or after. */
  readonly late?: "before the news" | "after the news";
}

const error = (...types: string[]) => types;
const SOON_MS = 400;

/** Middy's own hooks, in the order in which they run. */
export const HOOK_CASES: readonly OddCase[] = [
  { odd: "", gives: "user", reported: "itself", asked: 1 },
  { odd: "outer.before answers", gives: "early", reported: "never", asked: 0 },
  { odd: "outer.before throws", gives: error("RangeError"), reported: "never", asked: 0 },
  { odd: "inner.before answers", gives: "early", reported: "next", asked: 0 },
  { odd: "inner.before throws", gives: error("RangeError"), reported: "itself", asked: 0 },
  { odd: "handler throws", gives: error("TypeError"), reported: "itself", asked: 1 },
  { odd: "inner.after answers", gives: "early", reported: "next", asked: 1 },
  { odd: "inner.after throws", gives: error("RangeError"), reported: "itself", asked: 1 },
  { odd: "outer.after answers", gives: "early", reported: "itself", asked: 1 },
  { odd: "outer.after throws", gives: error("RangeError"), reported: "itself", asked: 1 },
  { odd: "inner.onError answers", gives: "early", reported: "next", asked: 1 },
  { odd: "inner.onError throws", gives: error("RangeError"), reported: "next", asked: 1 },
  { odd: "outer.onError answers", gives: "early", reported: "itself", asked: 1 },
  { odd: "outer.onError throws", gives: error("RangeError"), reported: "itself", asked: 1 },
];

/** The deadline, Middy's (`timeoutEarly`) and Lambda's, and what else ends a process. */
export const END_CASES: readonly OddCase[] = [
  {
    odd: "handler waits to be aborted",
    gives: error("TimeoutError"),
    reported: "itself",
    asked: 1,
    timeoutMs: SOON_MS,
  },
  {
    odd: "handler adds before the news is read",
    gives: error("TimeoutError"),
    reported: "itself",
    asked: 2,
    timeoutMs: SOON_MS,
    late: "before the news",
  },
  {
    odd: "handler adds after the news is read",
    gives: error("TimeoutError"),
    reported: "itself",
    asked: 2,
    timeoutMs: SOON_MS,
    late: "after the news",
  },
  {
    odd: "thread is blocked",
    gives: error("Sandbox.Timedout"),
    reported: "never",
    asked: 0,
    ends: true,
    timeoutMs: SOON_MS,
  },
  { odd: "process exits", gives: error("Runtime.ExitError"), reported: "never", asked: 0, ends: true },
  { odd: "process throws", gives: error("Runtime.ExitError"), reported: "itself", asked: 1, ends: true },
  { odd: "memory runs out", gives: error("Runtime.OutOfMemory"), reported: "never", asked: 0, ends: true },
];

/** Streamed answers: Middy runs `after` before it sends the body. */
export const STREAMED_CASES: readonly OddCase[] = [
  { odd: "", gives: "user", reported: "itself", asked: 1 },
  { odd: "body asks the cache", gives: "user", reported: "itself", asked: 1 },
  { odd: "inner.before answers", gives: "early", reported: "next", asked: 0 },
  { odd: "handler throws", gives: error("TypeError"), reported: "itself", asked: 1 },
  { odd: "inner.after throws", gives: error("RangeError"), reported: "itself", asked: 1 },
  {
    odd: "body breaks off",
    // Which of the two depends on whether anything had been sent; AWS's client then ends with an unhandled rejection.
    gives: error("Runtime.TruncatedResponse", "Runtime.ExitError"),
    reported: "itself",
    asked: 1,
    ends: true,
  },
];
