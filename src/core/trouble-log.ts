/**
 * Turns "it failed" and "it worked", said at every invocation, into one notice when trouble starts and one when it ends.
 * Trouble that comes and goes is held to a few notices, then one a minute for each kind, so that a flickering network
 * cannot fill a log. It must never cost anything worth measuring while nothing is wrong.
 */

import type { Clock } from "./clock.js";
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

export class TroubleLog {
  readonly #clock: Pick<Clock, "now">;
  readonly #notices: Notices | undefined;
  readonly #troubles = new Map<TroubleKind, Trouble>();
  /** Each notice costs a minute: until when those of a kind are paid for. */
  readonly #paidUntilMs = new Map<TroubleKind, number>();

  constructor(clock: Pick<Clock, "now">, notices: Notices | undefined) {
    this.#clock = clock;
    this.#notices = notices;
  }

  /** Call at every failure. During the same trouble only a cause of another name is news. */
  failed(kind: TroubleKind, reason: string, cause?: unknown): void {
    let trouble = this.#troubles.get(kind);
    if (trouble === undefined) {
      trouble = { startedAtMs: this.#clock.now(), occurrences: 0, told: new Set() };
      this.#troubles.set(kind, trouble);
    }
    trouble.occurrences += 1;
    const origin = causesOf(cause).at(-1);
    const told = origin === undefined ? "" : errorName(origin);
    if (trouble.told.has(told) || trouble.told.size >= MAX_TOLD || !this.#mayAnnounce(kind)) return;
    trouble.told.add(told);
    this.#notices?.troubleStarted(kind, { reason, cause });
  }

  /** Call at every success: without trouble of this kind it does nothing. */
  recovered(kind: TroubleKind): void {
    if (this.#troubles.size === 0) return;
    const trouble = this.#troubles.get(kind);
    if (trouble === undefined) return;
    this.#troubles.delete(kind);
    if (trouble.told.size === 0) return;
    const durationMs = Math.max(0, this.#clock.now() - trouble.startedAtMs);
    this.#notices?.troubleEnded(kind, { durationMs, occurrences: trouble.occurrences });
  }

  debug(message: string, detail?: Record<string, unknown>): void {
    this.#notices?.debug(message, detail);
  }

  #mayAnnounce(kind: TroubleKind): boolean {
    const nowMs = this.#clock.now();
    const debtMs = Math.max(0, (this.#paidUntilMs.get(kind) ?? 0) - nowMs);
    // More than a burst costs nobody can owe: the clock was set back, which must not silence anything.
    const owedMs = debtMs > BURST_MS ? 0 : debtMs;
    if (owedMs > BURST_MS - NOTICE_EVERY_MS) return false;
    this.#paidUntilMs.set(kind, nowMs + owedMs + NOTICE_EVERY_MS);
    return true;
  }
}

/** The errors of a chain of causes, the outermost first. */
export function causesOf(cause: unknown): Error[] {
  const chain: Error[] = [];
  for (let error = cause; error instanceof Error && chain.length < MAX_CAUSES; error = error.cause) chain.push(error);
  return chain;
}

/** The name that tells one failure from another: the `code` where the system gave one (`ECONNRESET`), else the name. */
export function errorName(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^E[A-Z_]+$/.test(code) ? code : error.name;
}
