/**
 * One call to a service in memory, with the fate that a test gave it: how long it takes there and back, and whether it is
 * refused, unanswered, or answered in vain. An abort ends the waiting, never the service: a request that is under way
 * still takes effect, as on a network.
 */
import type { Clock } from "../core/clock.js";
import { LogFailure, type LogFailureKind } from "../core/log.js";

/** What becomes of one call. All fields may be combined; an empty plan is an ordinary answer at once. */
export interface CallFate {
  /** How long the call takes to reach the service, which acts then. */
  readonly requestMs?: number;
  /** How long the answer takes back. */
  readonly answerMs?: number;
  /** The service does not act, and the call rejects with this kind of failure. */
  readonly fail?: LogFailureKind;
  /** Nothing is answered and nothing is done, ever: only an abort ends the call. */
  readonly hang?: boolean;
  /** The service acts, but the answer never arrives: the call rejects as `unavailable`, or hangs. */
  readonly loseAnswer?: "reject" | "hang";
}

/** @param act what the service does when the call reaches it; may throw `LogFailure` */
export function plannedCall<T>(
  clock: Clock,
  operation: string,
  fate: CallFate,
  signal: AbortSignal,
  act: () => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(failure("unavailable", "aborted"));
    const failure = (kind: LogFailureKind, what: string) => new LogFailure(kind, `${operation}: ${what}`);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    const answer = (finish: () => void) => {
      later(clock, fate.answerMs, () => {
        signal.removeEventListener("abort", onAbort);
        finish();
      });
    };
    if (fate.hang) return;
    later(clock, fate.requestMs, () => {
      const { fail, loseAnswer } = fate;
      if (fail !== undefined) return answer(() => reject(failure(fail, fail)));
      try {
        const result = act();
        if (loseAnswer === undefined) answer(() => resolve(result));
        else if (loseAnswer === "reject") answer(() => reject(failure("unavailable", "reset")));
      } catch (error) {
        answer(() => reject(error));
      }
    });
  });
}

function later(clock: Clock, delayMs: number | undefined, action: () => void): void {
  if (delayMs === undefined || delayMs <= 0) action();
  else clock.after(delayMs, action);
}
