/**
 * Where an object of JSON begins and ends in a text that may hold it escaped, once or several times, and in CSV. Found by
 * its quotes and braces alone, forwards and backwards from one of its keys, whatever else the text holds. Never throws.
 */

/** Ours are under 2 KiB; escaped thrice and pretty-printed still far below. */
export const MAX_OBJECT = 64 * 1024;
/** Between a key and its colon. */
const MAX_SPACE = 256;
/** Ours are 5 deep. Gives up early on text that only looks like JSON. */
const MAX_DEPTH = 12;

const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const NEWLINE = 0x0a;

/** How quotes are written: behind `backslashes` backslashes, or doubled as in CSV. */
export interface Quoting {
  readonly backslashes: number;
  readonly doubled: boolean;
}

/** A key as it stands in the text: its quotes, and what is between them. */
export interface Key {
  readonly start: number;
  readonly quoting: Quoting;
}

/** The key whose name stands at `at`; undefined where that is no key, "incomplete" where the text ends too soon to say. */
export function keyAt(text: string, at: number, name: string): Key | "incomplete" | undefined {
  if (text.charCodeAt(at - 1) !== QUOTE) return undefined;
  const doubled = text.charCodeAt(at - 2) === QUOTE;
  const quoteStart = at - (doubled ? 2 : 1);
  const backslashes = backslashesBefore(text, quoteStart);
  const quoting = { backslashes, doubled };
  const behind = at + name.length;
  const closing = "\\".repeat(backslashes) + (doubled ? '""' : '"');
  if (text.length < behind + closing.length) return "incomplete";
  if (!text.startsWith(closing, behind)) return undefined;
  const next = afterSpace(text, behind + closing.length, backslashes > 0);
  if (next >= text.length) return "incomplete";
  return text.charCodeAt(next) === COLON ? { start: quoteStart - backslashes, quoting } : undefined;
}

/** The opening brace of the object that a key belongs to: the nearest before it that is not closed again. */
export function objectStart(text: string, { start, quoting }: Key, floor: number): number | undefined {
  const lowest = Math.max(floor, start - MAX_OBJECT, 0);
  let depth = 0;
  let inString = false;
  for (let at = start - 1; at >= lowest; at -= 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      if (quoting.doubled) {
        if (text.charCodeAt(at - 1) !== QUOTE) return undefined;
        at -= 1;
      }
      const backslashes = backslashesBefore(text, at);
      const kind = quoteKind(backslashes, quoting);
      if (kind === "outer") return undefined;
      if (kind === "delimiter") inString = !inString;
      at -= backslashes;
    } else if (inString) {
      if (code === NEWLINE) return undefined;
    } else if (code === CLOSE) depth += 1;
    else if (code === OPEN) {
      depth -= 1;
      if (depth < 0) return at;
    } else if (code === NEWLINE && quoting.backslashes > 0) return undefined;
  }
  return undefined;
}

export type ObjectEnd = { readonly end: number } | "incomplete" | "damaged";

/** From the opening brace to just behind the closing one. */
export function objectEnd(text: string, start: number, quoting: Quoting): ObjectEnd {
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
      if (quoting.doubled && text.charCodeAt(at + 1) !== QUOTE) return at + 1 >= limit ? "incomplete" : "damaged";
      const kind = quoteKind(backslashes, quoting);
      if (kind === "outer") return "damaged";
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
function quoteKind(backslashes: number, quoting: Quoting): "delimiter" | "content" | "outer" {
  const own = quoting.backslashes;
  if (backslashes < own) return "outer";
  // An escaped backslash at the end of a string puts whole multiples before the delimiter.
  return (backslashes - own) % (2 * (own + 1)) === 0 ? "delimiter" : "content";
}

function backslashesBefore(text: string, at: number): number {
  let first = at;
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  return at - first;
}

/** Skips white space; in escaped text that includes the two characters `\n`, however often escaped. */
function afterSpace(text: string, from: number, escaped: boolean): number {
  let at = from;
  for (; at < text.length && at - from < MAX_SPACE; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) continue;
    if (!escaped || code !== BACKSLASH) return at;
    while (text.charCodeAt(at) === BACKSLASH) at += 1;
    if (at < text.length && !"nrt".includes(text.charAt(at))) return at;
  }
  return at;
}

/** The object as plain JSON. @throws SyntaxError where it is none */
export function unquoted(text: string, quoting: Quoting): string {
  let plain = quoting.doubled ? text.replaceAll('""', '"') : text;
  // 1, 3 and 7 backslashes are one, two and three times escaped.
  for (let left = quoting.backslashes; left > 0; left = (left - 1) / 2) {
    plain = JSON.parse(`"${plain}"`) as string;
  }
  return plain;
}
