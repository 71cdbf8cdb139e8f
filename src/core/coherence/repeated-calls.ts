/**
 * The calls of one reading, each repeated once: at once where it failed on its way, or at half time where it has no answer. The
 * repeat goes over another connection, and the first answer counts. No call may outlive its reading: its answer would come
 * in a later invocation.
 */
import { LogFailure } from "../log.js";

export interface RepeatedCalls {
  /** How many were made, repeats included. */
  readonly made: number;
  /** Rejects as the last attempt does. */
  make<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** It is half time. */
  repeatUnanswered(): void;
  /** Ends those under way. */
  abort(): void;
}

/** @param isOver whether nobody waits for an answer any more */
export function createRepeatedCalls(isOver: () => boolean): RepeatedCalls {
  /** One for each call: Node takes more than ten listeners on one signal, as many shards have, for a leak. */
  const underWay = new Set<AbortController>();
  const unansweredCalls = new Set<() => void>();
  let made = 0;

  return {
    get made(): number {
      return made;
    },

    make<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
      return new Promise((resolve, reject) => {
        let attempts = 0;
        let unanswered = 0;
        const attempt = () => {
          attempts++;
          unanswered++;
          made++;
          const abort = new AbortController();
          underWay.add(abort);
          const answered = () => {
            unanswered--;
            underWay.delete(abort);
            unansweredCalls.delete(attempt);
          };
          call(abort.signal).then(
            (answer) => {
              answered();
              resolve(answer);
            },
            (error: unknown) => {
              answered();
              if (attempts === 1 && !isOver() && isUnavailable(error)) attempt();
              else if (unanswered === 0) reject(error);
            },
          );
        };
        unansweredCalls.add(attempt);
        attempt();
      });
    },

    repeatUnanswered() {
      for (const repeat of unansweredCalls) repeat();
    },

    abort() {
      for (const abort of underWay) abort.abort();
    },
  };
}

/** Whether the same call may succeed at once: it failed on the way, or for no reason the port knows. */
function isUnavailable(error: unknown): boolean {
  return !(error instanceof LogFailure) || error.kind === "unavailable";
}
