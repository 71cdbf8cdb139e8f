/**
 * Finds scache's lines in any text that holds them: plain standard output, `sam logs` and `aws logs tail` with their
 * prefixes, exports of CloudWatch as CSV or JSON, lines wrapped by Lambda's JSON format, pretty-printed or escaped several
 * times, amid whatever else a log holds. Text comes in pieces and may have no line ends at all.
 *
 * It looks for the key `_aws`, sees from the quotes around it how deeply the object is escaped, and walks to its end at
 * that depth. It never holds more than one object's length beyond the piece at hand, and never throws.
 */

import { type MetricLine, toMetricLine } from "./metric-line.js";

const MARKER = "_aws";
/** Ours are under 2 KiB; escaped thrice and pretty-printed still far below. */
const MAX_OBJECT = 64 * 1024;
/** Pretty-printed, the opening brace may be on the line before; with a prefix, some way before. */
const KEPT_BEFORE_LINE = 4 * 1024;
/** Ours are 5 deep. Gives up early on text that only looks like JSON. */
const MAX_DEPTH = 12;

const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const NEWLINE = 0x0a;

/** How quotes are written: behind `backslashes` backslashes, or doubled as in CSV. */
interface Quoting {
  readonly backslashes: number;
  readonly doubled: boolean;
}

const PLAIN: Quoting = { backslashes: 0, doubled: false };

type Walk = { readonly end: number } | "incomplete" | "damaged";

export class LineScanner {
  readonly #found: (line: MetricLine) => void;
  #pending = "";
  /** Up to here `#pending` was searched for markers. */
  #searched = 0;
  /** Objects that looked like one of ours, or any EMF line, and could not be read. */
  damaged = 0;

  constructor(found: (line: MetricLine) => void) {
    this.#found = found;
  }

  push(piece: string): void {
    this.#pending += piece;
    this.#search(false);
  }

  end(): void {
    this.#search(true);
    this.#pending = "";
    this.#searched = 0;
  }

  #search(final: boolean): void {
    const text = this.#pending;
    let from = this.#searched;
    let floor = 0;
    const braces = new BraceFinder(text);
    for (;;) {
      const marker = text.indexOf(MARKER, from);
      if (marker < 0) break;
      const object = startOf(text, marker, floor, braces);
      if (object === undefined) {
        from = marker + MARKER.length;
        continue;
      }
      const walk = walkObject(text, object.start, object.quoting);
      if (walk === "incomplete" && !final && text.length - object.start < MAX_OBJECT) {
        this.#keep(object.start, marker);
        return;
      }
      const end = typeof walk === "object" && walk.end > marker ? walk.end : undefined;
      if (end !== undefined) this.#read(text.slice(object.start, end), object.quoting);
      else this.damaged += 1;
      from = end ?? marker + MARKER.length;
      // The same brace cannot do better for a later marker: tried again, hostile text would cost its length squared.
      floor = from;
    }
    const lineStart = Math.min(text.lastIndexOf("\n") + 1, text.length - KEPT_BEFORE_LINE);
    const searched = Math.max(from, text.length - MARKER.length);
    // From the line's start, since an object may begin well before its marker; but no further back than it may be long.
    this.#keep(Math.max(lineStart, floor, text.length - MAX_OBJECT), searched);
  }

  #keep(start: number, searched: number): void {
    this.#pending = this.#pending.slice(start);
    this.#searched = Math.max(0, searched - start);
  }

  #read(object: string, quoting: Quoting): void {
    if (!object.includes("CacheHits")) return;
    try {
      const line = toMetricLine(JSON.parse(unquoted(object, quoting)));
      if (line !== undefined) this.#found(line);
      else this.damaged += 1;
    } catch {
      this.damaged += 1;
    }
  }
}

/** Where the object begins whose key the marker is, and how its quotes are written. */
function startOf(
  text: string,
  marker: number,
  floor: number,
  braces: BraceFinder,
): { start: number; quoting: Quoting } | undefined {
  let at = marker - 1;
  if (at < floor || text.charCodeAt(at) !== QUOTE) return undefined;
  at -= 1;
  const doubled = at >= floor && text.charCodeAt(at) === QUOTE;
  if (doubled) at -= 1;
  let backslashes = 0;
  while (at >= floor && text.charCodeAt(at) === BACKSLASH) {
    backslashes += 1;
    at -= 1;
  }
  const quoting = { backslashes, doubled };
  at = beforeSpace(text, at, floor, backslashes > 0);
  if (at >= floor && text.charCodeAt(at) === OPEN) return { start: at, quoting };
  // Not the first key: somebody sorted them. Then the object is the first of the line, or none that can be found.
  if (backslashes > 0 || doubled) return undefined;
  const start = braces.firstInLine(marker, Math.max(floor, marker - MAX_OBJECT));
  return start < marker ? { start, quoting: PLAIN } : undefined;
}

/** Finds the first brace of a marker's line. Markers only move forward, so all searches together pass over the text once. */
class BraceFinder {
  readonly #text: string;
  #lineStart = 0;
  #lineEnd = -1;
  #brace = -1;

  constructor(text: string) {
    this.#text = text;
  }

  firstInLine(marker: number, floor: number): number {
    while (this.#lineEnd < marker) {
      this.#lineStart = this.#lineEnd + 1;
      this.#lineEnd = this.#find("\n", this.#lineStart);
    }
    const from = Math.max(this.#lineStart, floor);
    if (this.#brace < from) this.#brace = this.#find("{", from);
    return this.#brace;
  }

  #find(character: string, from: number): number {
    const at = this.#text.indexOf(character, from);
    return at < 0 ? Number.POSITIVE_INFINITY : at;
  }
}

/** Skips white space backwards; in escaped text that includes the two characters `\n`. */
function beforeSpace(text: string, from: number, floor: number, escaped: boolean): number {
  let at = from;
  while (at >= floor) {
    const code = text.charCodeAt(at);
    if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) at -= 1;
    else if (escaped && code === 0x6e && text.charCodeAt(at - 1) === BACKSLASH) {
      at -= 1;
      while (at >= floor && text.charCodeAt(at) === BACKSLASH) at -= 1;
    } else break;
  }
  return at;
}

/** From the opening brace to just behind the closing one. */
function walkObject(text: string, start: number, quoting: Quoting): Walk {
  const limit = Math.min(text.length, start + MAX_OBJECT);
  let depth = 0;
  let backslashes = 0;
  let inString = false;
  for (let at = start; at < limit; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) {
      backslashes += 1;
      continue;
    }
    if (code === QUOTE) {
      const kind = quoteKind(text, at, backslashes, quoting);
      if (kind === "outer") return at + 1 >= limit && quoting.doubled ? "incomplete" : "damaged";
      if (kind === "delimiter") inString = !inString;
      if (quoting.doubled) at += 1;
    } else if (code === NEWLINE && (inString || quoting.backslashes > 0)) return "damaged";
    else if (code === OPEN && !inString) {
      depth += 1;
      if (depth > MAX_DEPTH) return "damaged";
    } else if (code === CLOSE && !inString) {
      depth -= 1;
      if (depth === 0) return { end: at + 1 };
    }
    backslashes = 0;
  }
  return limit - start >= MAX_OBJECT ? "damaged" : "incomplete";
}

/** Whether a quote begins or ends a string of the object, belongs to a string's content, or ends what surrounds it all. */
function quoteKind(text: string, at: number, backslashes: number, quoting: Quoting): "delimiter" | "content" | "outer" {
  if (quoting.doubled && text.charCodeAt(at + 1) !== QUOTE) return "outer";
  const own = quoting.backslashes;
  if (backslashes < own) return "outer";
  // An escaped backslash at the end of a string puts whole multiples before the delimiter.
  const surplus = backslashes - own;
  return surplus % (2 * (own + 1)) === 0 ? "delimiter" : "content";
}

function unquoted(text: string, quoting: Quoting): string {
  let plain = quoting.doubled ? text.replaceAll('""', '"') : text;
  // 1, 3 and 7 backslashes are one, two and three times escaped.
  for (let left = quoting.backslashes; left > 0; left = (left - 1) / 2) {
    plain = JSON.parse(`"${plain}"`) as string;
  }
  return plain;
}
