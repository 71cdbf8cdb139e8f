/**
 * Judges every answer from outside: it knows which write of a user had been acknowledged before a read began, and what
 * the read may therefore return at least. It never looks into the cache.
 */

export interface Violation {
  readonly environment: string;
  readonly userid: string;
  readonly expectedAtLeast: number;
  readonly got: number;
}

/** Handed out when a read begins; `judge` it when the answer is there. */
export interface Read {
  readonly userid: string;
  readonly expectedAtLeast: number;
}

export class Oracle {
  readonly violations: Violation[] = [];
  readonly #acknowledged = new Map<string, number>();
  #judged = 0;

  /** Answers judged so far. */
  get judged(): number {
    return this.#judged;
  }

  beginRead(userid: string): Read {
    return { userid, expectedAtLeast: this.#acknowledged.get(userid) ?? 0 };
  }

  /** Whether the answer is as new as it had to be. */
  judge(environment: string, { userid, expectedAtLeast }: Read, version: number): boolean {
    this.#judged += 1;
    if (version >= expectedAtLeast) return true;
    this.violations.push({ environment, userid, expectedAtLeast, got: version });
    return false;
  }

  /** To be called the moment a write's answer has arrived. */
  acknowledge(userid: string, version: number): void {
    this.#acknowledged.set(userid, Math.max(version, this.#acknowledged.get(userid) ?? 0));
  }
}
