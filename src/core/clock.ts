/**
 * Time and chance as ports, and the only place in the package that reads the system's.
 * Ages are wall-clock ages: an environment may be frozen for hours, and only the wall clock is known to move then.
 * Durations are measured on the monotonic clock, which no time server can turn back.
 */

export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. For ages and timestamps. */
  now(): number;
  /** Monotonic time in milliseconds, fractional, from an arbitrary origin. For durations only. */
  monotonic(): number;
  /**
   * Calls `callback` once after `delayMs`, unless the returned function is called first. Timers do not run while the
   * environment is frozen, so nothing may rely on one firing: they only end a wait early.
   */
  after(delayMs: number, callback: () => void): () => void;
}

/** A random number, uniform in [0, 1). */
export type Random = () => number;

export const systemClock: Clock = {
  now: () => Date.now(),
  // Not `performance.now()`: for that Node first loads a dozen modules of its own, which every cold start would wait for.
  monotonic() {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1_000 + nanoseconds / 1e6;
  },
  after(delayMs, callback) {
    // The shortest timer sleeps for a millisecond; who only gives way to others goes on in the next turn.
    if (delayMs === 0) {
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

export const systemRandom: Random = () => Math.random();

/**
 * Eighteen hex digits that nobody else draws. From the system's own source: `Math.random`, or what is drawn in advance, would
 * be shared by two processes where one is a copy of the other.
 */
export function newNonce(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(9))).toString("hex");
}

/** The promise's value, or undefined when it takes longer than `timeoutMs` or `signal` aborts. Leaves no timer behind. */
export function within<T>(
  clock: Clock,
  timeoutMs: number,
  promise: Promise<T>,
  signal?: AbortSignal,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, giveUp);
    signal?.addEventListener("abort", giveUp);
    function done(): void {
      cancel();
      signal?.removeEventListener("abort", giveUp);
    }
    function giveUp(): void {
      done();
      resolve(undefined);
    }
    promise.then(
      (value) => {
        done();
        resolve(value);
      },
      (error: unknown) => {
        done();
        reject(error);
      },
    );
  });
}

/** How long to wait before trying again: doubled with each step from 1 on, and spread by chance. */
export function backoffMs(step: number, firstMs: number, random: Random, longestMs = Infinity): number {
  return Math.min(longestMs, firstMs * 2 ** (step - 1)) * (0.5 + random() / 2);
}
