/**
 * How long several things took together that may overlap: two calls awaited at once are one wait. The union of what it is told, so
 * that "what it cost" is never more than the time there was. Decisions only: whoever measures has the clock.
 */
interface Span {
  readonly from: number;
  readonly to: number;
}

export class TimeSpans {
  /** Apart from each other. One or two, as a rule; none are made for an invocation that never waits. */
  #spans: readonly Span[] | undefined;

  /** Milliseconds by a clock that only moves on. */
  add(from: number, to: number): void {
    if (to <= from) return;
    const before = this.#spans ?? [];
    const apart = before.filter((span) => span.to < from || span.from > to);
    const touching = before.filter((span) => span.to >= from && span.from <= to);
    const merged = {
      from: Math.min(from, ...touching.map((span) => span.from)),
      to: Math.max(to, ...touching.map((span) => span.to)),
    };
    this.#spans = [...apart, merged];
  }

  get totalMs(): number {
    return (this.#spans ?? []).reduce((sum, { from, to }) => sum + to - from, 0);
  }
}
