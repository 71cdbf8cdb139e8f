/**
 * Judges every answer from outside: it knows which writes of a user had been acknowledged before a read began, and what
 * the read may therefore return at least, given the staleness that was promised. It never looks into the cache.
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
  readonly beganMs: number;
}

export interface OracleOptions {
  /** How old an answer may be: what was acknowledged longer ago, a read has to show. Default 0. */
  readonly maxStalenessMs?: number;
  readonly now?: () => number;
}

interface Acknowledged {
  readonly version: number;
  readonly atMs: number;
}

export class Oracle {
  readonly violations: Violation[] = [];
  readonly #maxStalenessMs: number;
  readonly #now: () => number;
  /** Versions and times both grow. */
  readonly #acknowledged = new Map<string, Acknowledged[]>();
  #judged = 0;
  #oldestMs = 0;

  constructor({ maxStalenessMs = 0, now = () => performance.now() }: OracleOptions = {}) {
    this.#maxStalenessMs = maxStalenessMs;
    this.#now = now;
  }

  /** Answers judged so far. */
  get judged(): number {
    return this.#judged;
  }

  /** For how long the oldest answer so far had been outdated when its read began. */
  get oldestMs(): number {
    return this.#oldestMs;
  }

  beginRead(userid: string): Read {
    const beganMs = this.#now();
    const latestMs = beganMs - this.#maxStalenessMs;
    const known = this.#acknowledged.get(userid)?.findLast(({ atMs }) => atMs <= latestMs);
    return { userid, expectedAtLeast: known?.version ?? 0, beganMs };
  }

  /** Whether the answer is as new as it had to be. */
  judge(environment: string, { userid, expectedAtLeast, beganMs }: Read, version: number): boolean {
    this.#judged += 1;
    const outdated = this.#acknowledged.get(userid)?.find((newer) => newer.version > version);
    if (outdated !== undefined) this.#oldestMs = Math.max(this.#oldestMs, beganMs - outdated.atMs);
    if (version >= expectedAtLeast) return true;
    this.violations.push({ environment, userid, expectedAtLeast, got: version });
    return false;
  }

  /** To be called the moment a write's answer has arrived. */
  acknowledge(userid: string, version: number): void {
    const known = this.#acknowledged.get(userid) ?? [];
    if (version > (known.at(-1)?.version ?? 0)) known.push({ version, atMs: this.#now() });
    this.#acknowledged.set(userid, known);
  }
}
