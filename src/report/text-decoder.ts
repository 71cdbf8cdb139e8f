/**
 * Bytes of a log as text. PowerShell's `>` writes UTF-16, its `>>` appends UTF-16 to whatever is there, and files are put
 * together: so the encoding is found from the bytes, with a mark or without, and may change in the middle.
 * It never fails: what is no text in any of the encodings becomes replacement characters.
 */

type Encoding = "utf-8" | "utf-16le" | "utf-16be";

/** Our lines are ASCII, so in UTF-16 every other byte is zero. So many in turn are no accident. */
const ZEROS_IN_TURN = 4;
const LOOK_AHEAD = 2 * ZEROS_IN_TURN;
/** A byte-order mark and the first character stand before the first zero. */
const LOOK_BEHIND = 4;
/** Held back in UTF-16, so that a change of encoding is seen whole. */
const CHANGE_UNITS = 32;
const HELD_BYTES = 3 * CHANGE_UNITS * 2;

const ASCII = [0x09, 0x0a, 0x0d, ...Array.from({ length: 0x5f }, (_, n) => 0x20 + n)];
const unit = (high: number, low: number) => `\\u${((high << 8) | low).toString(16).padStart(4, "0")}`;
/** ASCII in UTF-16 of the other byte order, or shifted by one byte: read so, nobody has written it. */
const OTHER_ORDER = new RegExp(`\\ufffe|[${ASCII.map((code) => unit(code, 0)).join("")}]{${ZEROS_IN_TURN}}`, "u");
/** Two characters of ASCII read as one, many times. */
const ONE_BYTE = new RegExp(
  `[${ASCII.map((code) => `${unit(code, 0x20)}-${unit(code, 0x7e)}${unit(code, 0x0a)}`).join("")}]{${CHANGE_UNITS}}`,
  "u",
);

export class LogTextDecoder {
  #encoding: Encoding = "utf-8";
  #utf8 = new TextDecoder();
  #held: Buffer = Buffer.alloc(0);

  push(bytes: Buffer): string {
    return this.#decode(this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]), false);
  }

  end(): string {
    return this.#decode(this.#held, true) + this.#utf8.decode();
  }

  #decode(bytes: Buffer, final: boolean): string {
    let text = "";
    let at = 0;
    for (;;) {
      const { piece, next, changed } =
        this.#encoding === "utf-8" ? this.#fromUtf8(bytes, at, final) : this.#fromUtf16(bytes, at, final);
      text += piece;
      at = next;
      if (!changed) break;
    }
    this.#held = bytes.subarray(at);
    return text;
  }

  #fromUtf8(bytes: Buffer, from: number, final: boolean): Step {
    let zero = bytes.indexOf(0, from);
    for (; zero >= 0 && zero + LOOK_AHEAD <= bytes.length; zero = bytes.indexOf(0, zero + 1)) {
      if (!zerosInTurn(bytes, zero)) continue;
      const start = startOfUtf16(bytes, zero, from);
      const piece = this.#utf8.decode(bytes.subarray(from, start.at));
      this.#utf8 = new TextDecoder();
      this.#encoding = start.encoding;
      return { piece, next: start.at, changed: true };
    }
    const end = final ? bytes.length : Math.max(from, (zero < 0 ? bytes.length : zero) - LOOK_BEHIND);
    return { piece: this.#utf8.decode(bytes.subarray(from, end), { stream: true }), next: end, changed: false };
  }

  #fromUtf16(bytes: Buffer, from: number, final: boolean): Step {
    const length = bytes.length - from;
    const text = decodeUtf16(bytes.subarray(from, from + length - (length % 2)), this.#encoding);
    const change = firstOf(OTHER_ORDER.exec(text), ONE_BYTE.exec(text));
    if (change !== undefined) {
      this.#encoding = "utf-8";
      const start = changeOf(text, change);
      return { piece: text.slice(0, start), next: from + 2 * start, changed: true };
    }
    if (final) return { piece: text, next: bytes.length, changed: false };
    const kept = Math.max(0, text.length - HELD_BYTES / 2);
    return { piece: text.slice(0, kept), next: from + 2 * kept, changed: false };
  }
}

interface Step {
  readonly piece: string;
  /** From here on nothing was decoded yet. */
  readonly next: number;
  /** What follows is in another encoding. */
  readonly changed: boolean;
}

function zerosInTurn(bytes: Buffer, zero: number): boolean {
  for (let at = zero; at < zero + LOOK_AHEAD; at += 2) if (bytes[at] !== 0 || bytes[at + 1] === 0) return false;
  return true;
}

function startOfUtf16(bytes: Buffer, zero: number, from: number): { at: number; encoding: Encoding } {
  const marked = (at: number, first: number, second: number) =>
    at >= from && bytes[at] === first && bytes[at + 1] === second;
  if (marked(zero - 3, 0xff, 0xfe)) return { at: zero - 1, encoding: "utf-16le" };
  if (marked(zero - 2, 0xfe, 0xff)) return { at: zero, encoding: "utf-16be" };
  // Without a mark: a log that begins with a zero is big-endian. What was appended to something else is PowerShell's.
  return zero > from ? { at: zero - 1, encoding: "utf-16le" } : { at: zero, encoding: "utf-16be" };
}

function decodeUtf16(bytes: Buffer, encoding: Encoding): string {
  return (encoding === "utf-16be" ? Buffer.from(bytes).swap16() : bytes).toString("utf16le");
}

function firstOf(...found: (RegExpExecArray | null)[]): RegExpExecArray | undefined {
  return found.filter((match) => match !== null).sort((a, b) => a.index - b.index)[0];
}

/** Where the other encoding begins. A mark of UTF-8 and characters beyond ASCII may come before what gave it away. */
function changeOf(text: string, { index }: { readonly index: number }): number {
  let start = index;
  while (start > 0 && index - start < CHANGE_UNITS && text.charCodeAt(start - 1) > 0xff) start -= 1;
  return start;
}
