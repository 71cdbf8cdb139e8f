/**
 * Turns "it failed" and "it worked", said at every invocation, into one notice when trouble starts and one when it ends.
 * Trouble that comes and goes is held to a few notices, then one a minute for each kind, so that a flickering network
 * cannot fill a log. It must never cost anything worth measuring while nothing is wrong.
 */

import { isError, summedUpBy } from "../errors.js";
import type { Clock } from "./clock.js";
import type { LogFailureKind } from "./log.js";
import type { Notices, TroubleKind } from "./notices.js";

/** How often a start may be announced, for each kind, once a burst of three was. */
const NOTICE_EVERY_MS = 60_000;
const BURST_MS = 3 * NOTICE_EVERY_MS;
/** Causes look like chains; nobody's is this long, and a loop must end. */
const MAX_CAUSES = 8;
/** A trouble may last for weeks: past this many causes it is no news that there is another one. */
const MAX_TOLD = 16;

interface Trouble {
  readonly startedAtMs: number;
  occurrences: number;
  /** Names of the causes already told while this trouble lasts. */
  readonly told: Set<string>;
}

/** Of a failed reading that has cost no place: a log that is said to be lost then was never there. */
export const TROUBLE_OF: Readonly<Record<LogFailureKind, TroubleKind>> = {
  unavailable: "refresh",
  expired: "refresh",
  throttled: "throttled",
  refused: "refused",
  lost: "refused",
};

export type TroubleLog = ReturnType<typeof createTroubleLog>;

export function createTroubleLog(clock: Pick<Clock, "now">, notices: Notices | undefined) {
  const troubles = new Map<TroubleKind, Trouble>();
  /** Each notice costs a minute: until when those of a kind are paid for. */
  const paidUntilMs = new Map<TroubleKind, number>();
  const advised = new Set<string>();

  function mayAnnounce(kind: TroubleKind): boolean {
    const nowMs = clock.now();
    const debtMs = Math.max(0, (paidUntilMs.get(kind) ?? 0) - nowMs);
    // More than a burst costs nobody can owe: the clock was set back, which must not silence anything.
    const owedMs = debtMs > BURST_MS ? 0 : debtMs;
    if (owedMs > BURST_MS - NOTICE_EVERY_MS) return false;
    paidUntilMs.set(kind, nowMs + owedMs + NOTICE_EVERY_MS);
    return true;
  }

  return {
    /** Call at every failure. During the same trouble only a cause of another name is news. */
    failed(kind: TroubleKind, reason: string, cause?: unknown): void {
      const trouble = troubles.get(kind) ?? { startedAtMs: clock.now(), occurrences: 0, told: new Set() };
      troubles.set(kind, trouble);
      trouble.occurrences++;
      const { told } = trouble;
      const origin = causesOf(cause).at(-1);
      const name = origin === undefined ? "" : errorName(origin);
      if (told.has(name) || told.size >= MAX_TOLD || !mayAnnounce(kind)) return;
      told.add(name);
      notices?.troubleStarted(kind, { reason, cause });
    },

    /** Call at every success: without trouble of this kind it does nothing. */
    recovered(kind: TroubleKind): void {
      if (troubles.size === 0) return;
      const trouble = troubles.get(kind);
      troubles.delete(kind);
      if (trouble === undefined || trouble.told.size === 0) return;
      const durationMs = Math.max(0, clock.now() - trouble.startedAtMs);
      notices?.troubleEnded(kind, { durationMs, occurrences: trouble.occurrences });
    },

    /** Call at every occasion: of what is about the same only the first is said. */
    adviseOnce(about: string, message: string, detail: Record<string, unknown>): void {
      if (advised.has(about)) return;
      advised.add(about);
      notices?.advise(message, detail);
    },

    debug(message: string, detail?: Record<string, unknown>): void {
      notices?.debug(message, detail);
    },
  };
}

/** The errors of a chain of causes, the outermost first; one that sums up several is followed by the first of them. */
export function causesOf(cause: unknown): Error[] {
  const chain: Error[] = [];
  for (let error = cause; isError(error) && chain.length < MAX_CAUSES; error = error.cause ?? summedUpBy(error)[0]) {
    chain.push(error);
  }
  return chain;
}

/** As the system's calls, TLS and Node.js's own HTTP client have them. */
const SYSTEM_CODE = /^(E|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|UND_ERR_)[A-Z_]+$/;

/** The name that tells one failure from another: the `code` where the system gave one (`ECONNRESET`), else the name. */
export function errorName(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && SYSTEM_CODE.test(code) ? code : error.name;
}
