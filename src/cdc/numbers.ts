/**
 * Numbers, exactly. An id is made of the text of a column, so a number that lost a digit on the way would name another row:
 * `JSON.parse` makes 9007199254740992 of 9007199254740993, and nobody would ever hear of it. Here every digit is kept, one
 * number has one text, and a number that may have lost digits before it came to us has none.
 */

/** A JSON text, parsed. Numbers that a double might not hold are strings that begin with `mark`; no other string does. */
export interface ExactJson {
  readonly value: unknown;
  readonly mark: string;
}

/** Why a text is not read, to go after "a record was expected, but". */
export class NotRead extends Error {
  override readonly name = "NotRead";
}

/** A double holds every decimal of so many digits. */
const DOUBLE_DIGITS = 15;
/** No id is a longer number than this; it bounds what an exponent can be made to write out. */
const MAX_DIGITS = 400;

/**
 * How much of a text is read: each string, number and mark counts ten, each character between them one. Neither this
 * nor `JSON.parse` can be interrupted, and their time goes by these, not by the bytes. So much takes a few milliseconds, and
 * 20 in a process that has just started. A row with a thousand columns has some ten thousand tokens.
 */
const MOST_WORK = 200_000;
const TOKEN_WORK = 10;
/** Past this a text was made to be slow. */
const MAX_ZEROS = 16;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const MINUS = 0x2d;

/**
 * Parses JSON and loses no digit. Node 20 cannot give a reviver the text of a number, so the numbers that need it are put
 * into quotes first. Linear, whatever the text holds.
 * @throws NotRead without a word of the text, which may be anybody's data
 */
export function parseExact(text: string): ExactJson {
  const mark = markFor(text);
  const quoted = withNumbersQuoted(text, mark);
  try {
    return { value: JSON.parse(quoted), mark };
  } catch {
    throw new NotRead("it is not JSON");
  }
}

/**
 * A string that no string in the text begins with. JSON can write these two characters in one way only, as escapes of six
 * characters without a letter, so that looking for that is enough.
 */
function markFor(text: string): string {
  for (let zeros = 1; zeros <= MAX_ZEROS; zeros++) {
    if (!text.includes(`\\u0001${"\\u0000".repeat(zeros)}`)) return `\u0001${"\0".repeat(zeros)}`;
  }
  throw new NotRead("it holds a text that no program would write");
}

function withNumbersQuoted(text: string, mark: string): string {
  const quotedMark = `"${JSON.stringify(mark).slice(1, -1)}`;
  const pieces: string[] = [];
  let taken = 0;
  let work = 0;
  for (let at = 0; at < text.length; ) {
    const char = text.charCodeAt(at);
    const isBetween = isSpace(char) || isLetter(char);
    work += isBetween ? 1 : TOKEN_WORK;
    if (work > MOST_WORK) throw new NotRead("it holds too many values to be read in one go");
    if (isBetween) {
      at++;
      continue;
    }
    if (char === QUOTE) at = afterString(text, at);
    else if (!mayBeginNumber(char)) at++;
    else {
      const end = afterNumber(text, at);
      if (needsQuotes(text, at, end)) {
        pieces.push(text.slice(taken, at), quotedMark, text.slice(at, end), '"');
        taken = end;
      }
      at = Math.max(end, at + 1);
    }
  }
  return pieces.length === 0 ? text : pieces.join("") + text.slice(taken);
}

function mayBeginNumber(char: number): boolean {
  return (char >= 0x30 && char <= 0x39) || char === MINUS;
}

function isSpace(char: number): boolean {
  return char === 0x20 || (char >= 0x09 && char <= 0x0d);
}

/** Of `true`, `false` and `null`, or else of no JSON. */
function isLetter(char: number): boolean {
  return char >= 0x61 && char <= 0x7a;
}

function afterString(text: string, start: number): number {
  const quote = text.indexOf('"', start + 1);
  if (quote < 0) return text.length;
  if (text.charCodeAt(quote - 1) !== BACKSLASH) return quote + 1;
  // A search for one quote after the other would take longest where a text is full of them.
  for (let at = start + 1; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) return at + 1;
    if (char === BACKSLASH) at++;
  }
  return text.length;
}

/** Where it started, when no number starts there. */
function afterNumber(text: string, start: number): number {
  NUMBER.lastIndex = start;
  return NUMBER.test(text) ? NUMBER.lastIndex : start;
}

function isWhole(text: string, start: number, end: number): boolean {
  for (let at = start + 1; at < end; at++) if (!mayBeginNumber(text.charCodeAt(at))) return false;
  return true;
}

/** All but short whole numbers, of which a double is sure; and where no number may be, none must be made into a string. */
function needsQuotes(text: string, start: number, end: number): boolean {
  if (end - start <= DOUBLE_DIGITS && isWhole(text, start, end)) return false;
  let next = end;
  while (isSpace(text.charCodeAt(next))) next++;
  return end > start && text.charCodeAt(next) !== COLON;
}

/** The text of a value that has one: of a string, a boolean, a number none of whose digits may be lost. */
export function scalarText(value: unknown, mark: string): string | undefined {
  switch (typeof value) {
    case "string":
      return isMarked(value, mark) ? numberText(value.slice(mark.length)) : value;
    case "number":
      return Number.isFinite(value) ? doubleText(value) : undefined;
    case "boolean":
    case "bigint":
      return String(value);
    default:
      return undefined;
  }
}

/** Whether a string stands for a number. What was not parsed here has no mark, and no such string. */
export function isMarked(text: string, mark: string): boolean {
  return mark !== "" && text.startsWith(mark);
}

interface Decimal {
  readonly negative: boolean;
  /** Without zeros at either end; none at all for zero. */
  readonly digits: string;
  /** What the digits are to be multiplied with, as a power of ten. */
  readonly exponent: number;
  readonly hasExponent: boolean;
}

/**
 * The text of a number as JSON has it: `1.0` is `1`, `0.50` is `0.5`, `1e3` is `1000`, as JavaScript writes them; digits
 * beyond those of a double are kept. Undefined where digits may be lost: programs that let numbers go through doubles write
 * the large ones with an exponent (Java from 10^7 on, DMS from 17 digits on).
 */
export function numberText(number: string): string | undefined {
  const decimal = read(number);
  if (decimal === undefined) return undefined;
  const { digits, exponent, hasExponent } = decimal;
  if (hasExponent && mayBeRounded(digits, exponent)) return undefined;
  return written(decimal);
}

/** The same of a number that is exact however it is written, such as DynamoDB's. */
export function decimalText(number: string): string | undefined {
  const decimal = read(number);
  return decimal && written(decimal);
}

/** Of a number that is a double already: undefined when it may have been another before. */
function doubleText(value: number): string | undefined {
  const decimal = read(String(value));
  return decimal === undefined || mayBeRounded(decimal.digits, decimal.exponent) ? undefined : written(decimal);
}

function mayBeRounded(digits: string, exponent: number): boolean {
  if (exponent < 0) return digits.length > DOUBLE_DIGITS;
  return digits.length + exponent > 16 || !Number.isSafeInteger(Number(`0${digits}e${exponent}`));
}

const PARTS = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,6}))?$/;

function read(number: string): Decimal | undefined {
  if (number.length > MAX_DIGITS) return undefined;
  const [, minus, whole = "", fraction = "", power] = PARTS.exec(number) ?? [];
  if (minus === undefined) return undefined;
  const all = whole + fraction;
  let start = 0;
  while (all[start] === "0") start++;
  let end = all.length;
  while (end > start && all[end - 1] === "0") end--;
  const exponent = Number(power ?? 0) - fraction.length + (all.length - end);
  if (start === end) return { negative: false, digits: "", exponent: 0, hasExponent: false };
  return { negative: minus !== "", digits: all.slice(start, end), exponent, hasExponent: power !== undefined };
}

function written({ negative, digits, exponent }: Decimal): string | undefined {
  if (Math.abs(exponent) > MAX_DIGITS) return undefined;
  return (negative ? "-" : "") + magnitude(digits, exponent);
}

function magnitude(digits: string, exponent: number): string {
  if (digits === "") return "0";
  if (exponent >= 0) return digits + "0".repeat(exponent);
  const point = digits.length + exponent;
  if (point > 0) return `${digits.slice(0, point)}.${digits.slice(point)}`;
  if (point > -6) return `0.${"0".repeat(-point)}${digits}`;
  // From here on JavaScript writes an exponent, and so do the ids that programs make.
  return `${digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`}e${point - 1}`;
}

/** Longer than any database's decimal that anybody uses as a key. */
const MAX_DECIMAL_BYTES = 128;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Kafka Connect's decimal: the unscaled value, big-endian in two's complement, as base64. The scale stays, as in
 * `decimal.handling.mode=string` and in what databases answer: `-1.50`.
 */
export function connectDecimal(base64: string, scale: number): string | undefined {
  if (base64 === "" || base64.length > (MAX_DECIMAL_BYTES / 3) * 4 || !BASE64.test(base64)) return undefined;
  if (!Number.isInteger(scale) || Math.abs(scale) > MAX_DIGITS) return undefined;
  const bytes = Buffer.from(base64, "base64");
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString("hex")}`));
  const sign = unscaled < 0n ? "-" : "";
  const digits = String(unscaled < 0n ? -unscaled : unscaled);
  if (scale <= 0) return sign + (unscaled === 0n ? "0" : digits + "0".repeat(-scale));
  const padded = digits.padStart(scale + 1, "0");
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}
