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
  monotonic: () => performance.now(),
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

/** Resolves after `delayMs`, or as soon as `signal` aborts. Never rejects. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal.addEventListener("abort", done);
  });
}
