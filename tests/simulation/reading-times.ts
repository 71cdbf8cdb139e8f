/** How long an environment's readings have taken, seen from outside: from the first call to the last answer, or to their end. */
export class ReadingTimes {
  #underWay = 0;
  #sinceMs = 0;
  #endedMs = Number.NEGATIVE_INFINITY;
  /** Of those that have ended. */
  longestMs = 0;

  /** Also where the last answer came in this very moment. */
  mayBeUnderWay(nowMs: number): boolean {
    return this.#underWay > 0 || this.#endedMs === nowMs;
  }

  /** A call made in the very moment in which the last one was answered goes on with the same reading. */
  callBegins(nowMs: number): void {
    if (this.#underWay++ === 0 && nowMs > this.#endedMs) this.#sinceMs = nowMs;
  }

  callEnds(nowMs: number): void {
    this.#endedMs = nowMs;
    if (--this.#underWay === 0) this.longestMs = Math.max(this.longestMs, nowMs - this.#sinceMs);
  }
}
