/**
 * Finds scache's lines in any text that holds them: plain standard output, `sam logs`, `docker logs` and `aws logs tail`
 * with their prefixes, exports of CloudWatch as CSV or JSON, lines wrapped by Lambda's JSON format, pretty-printed, sorted
 * or escaped several times, amid whatever else a log holds. Text comes in pieces and may have no line ends at all.
 *
 * It looks for the key `_aws`, sees from the quotes around it how deeply the object is escaped, and walks to its beginning
 * and its end at that depth. It never holds much more than one object's length beyond the piece at hand, and never throws.
 */

import { type Key, keyAt, MAX_OBJECT, objectEnd, objectStart, type Quoting, unquoted } from "./json-bounds.js";
import { type MetricLine, toMetricLine } from "./metric-line.js";

const MARKER = "_aws";
/** A key that every line of ours has and nobody else's: where one stands outside of every line, a line was torn apart. */
const OURS = "EntriesInvalidated";

export class LineScanner {
  readonly #found: (line: MetricLine) => void;
  #pending = "";
  /** Up to here `#pending` was searched for markers. */
  #searched = 0;
  /** Up to here it was searched for what is left of lines. */
  #swept = 0;
  #unread = 0;
  #torn = 0;
  #mentions = 0;

  constructor(found: (line: MetricLine) => void) {
    this.#found = found;
  }

  /**
   * How many lines could not be read, or not in full: objects that looked like one of ours, or like any line of metrics, or what is left
   * of such. Where both ends of a torn line are there, it counts once.
   */
  get damaged(): number {
    return Math.max(this.#unread, this.#torn);
  }

  /** Whether a figure of ours is named somewhere, although perhaps in no form that can be read. */
  get mentionsOurs(): boolean {
    return this.#mentions > 0;
  }

  push(piece: string): void {
    this.#pending += piece;
    this.#search(false);
  }

  end(): void {
    this.#search(true);
    this.#pending = "";
    this.#searched = 0;
    this.#swept = 0;
  }

  #search(final: boolean): void {
    const text = this.#pending;
    let from = this.#searched;
    // No object begins before it: what was tried once would, tried for every marker, cost a hostile text its length squared.
    let floor = 0;
    for (;;) {
      const marker = text.indexOf(MARKER, from);
      if (marker < 0) break;
      const key = keyAt(text, marker, MARKER);
      const object = key === undefined || key === "incomplete" ? key : this.#objectOf(key, floor);
      if (object === "incomplete" && !final && text.length - marker < MAX_OBJECT) {
        this.#keep(marker, floor);
        return;
      }
      from = marker + MARKER.length;
      if (key === undefined || key === "incomplete") continue;
      if (typeof object === "object" && this.#read(text.slice(object.start, object.end), key.quoting)) {
        this.#sweep(object.start);
        this.#swept = object.end;
        from = object.end;
      } else this.#unread += 1;
      floor = from;
    }
    if (final) this.#sweep(text.length);
    else this.#keep(Math.max(from, text.length - MARKER.length + 1), floor);
  }

  #objectOf(key: Key, floor: number): { start: number; end: number } | "incomplete" | "damaged" {
    const start = objectStart(this.#pending, key, floor);
    if (start === undefined) return "damaged";
    const found = objectEnd(this.#pending, start, key.quoting);
    if (typeof found === "string") return found;
    return found.end > key.start ? { start, end: found.end } : "damaged";
  }

  /** Keeps what an object may begin with that is not yet whole. */
  #keep(searched: number, floor: number): void {
    const start = Math.max(floor, searched - MAX_OBJECT, 0);
    this.#sweep(start);
    this.#pending = this.#pending.slice(start);
    this.#searched = searched - start;
    this.#swept -= start;
  }

  /** Looks for what is left of torn lines, up to where nothing can become of it any more. */
  #sweep(end: number): void {
    const text = this.#pending;
    for (let at = text.indexOf(OURS, this.#swept); at >= 0 && at < end; at = text.indexOf(OURS, at + 1)) {
      this.#mentions += 1;
      if (typeof keyAt(text, at, OURS) === "object") this.#torn += 1;
      this.#swept = at + OURS.length;
    }
    this.#swept = Math.max(this.#swept, end);
  }

  /** False where it is no object at all: within what looked like one, another may begin. */
  #read(object: string, quoting: Quoting): boolean {
    if (!object.includes("CacheHits")) return true;
    try {
      const line = toMetricLine(JSON.parse(unquoted(object, quoting)));
      if (line === undefined || line.isPartial === true) this.#unread += 1;
      if (line !== undefined) this.#found(line);
      return true;
    } catch {
      return false;
    }
  }
}
