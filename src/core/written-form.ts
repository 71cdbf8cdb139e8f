/**
 * The form in which scache itself writes keys and records. Nearly every record has it, and one look tells: then nothing in it
 * needs a closer reading, and a backlog of a million ids is read in half the time.
 * A record that a closer reading would understand differently must never be taken for it.
 */

/** A key as we write it: unreserved characters as they are, the space as "+", all else as upper-case escapes of UTF-8. */
const KEY = (() => {
  const plain = "[\\w\\-.~+]*";
  const next = "%[89AB][\\dA-F]";
  const escapes = [
    "%(?:[01][\\dA-F]|2[1-9A-CF]|3[A-F]|40|5[B-E]|60|7[BCDF])",
    `%(?:C[2-9A-F]|D[\\dA-F])${next}`,
    `%(?:E0%[AB][\\dA-F]|E[1-9A-CEF]${next}|ED%[89][\\dA-F])${next}`,
    `%(?:F0%[9AB][\\dA-F]|F[123]${next}|F4%8[\\dA-F])${next}${next}`,
  ].join("|");
  const written = `${plain}(?:(?:${escapes})${plain})*`;
  return `id=${written}&s=${written}&t=data\\.ID`;
})();

const WRITTEN_KEY = new RegExp(`^${KEY}$`);
/**
 * Keys, and at most when it was written and by whom. A space where Python puts one does no harm. Of a record of 1 MiB, the match
 * takes milliseconds whatever it holds; from 16 MiB on it may need more stack than there is.
 */
const WRITTEN_RECORD = new RegExp(
  `^\\{"keys": ?(\\["${KEY}"(?:, ?"${KEY}")*\\])(?:, ?"ts": ?"([^"]*)")?(?:, ?"by": ?"\\w*")?\\}$`,
);

export function isWrittenKey(key: string): boolean {
  return WRITTEN_KEY.test(key);
}

/** The keys of a record that has our form, undefined of any other. @param data a mebibyte at most */
export function keysOfWritten({ buffer, byteOffset, byteLength }: Uint8Array): readonly string[] | undefined {
  // All of such a record is ASCII, so it does not matter that this would misread anything else.
  const text = Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
  const [, keys, ts] = WRITTEN_RECORD.exec(text) ?? [];
  if (keys === undefined || (ts !== undefined && !isTimestamp(ts))) return undefined;
  return JSON.parse(keys) as string[];
}

/** But for the days from the 29th on, of which not every month has all. */
const RFC_3339 =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?!00)\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$/;

export function isTimestamp(value: string): boolean {
  if (!RFC_3339.test(value)) return false;
  const day = value.slice(8, 10);
  // One that a month does not have is taken for one of the next, or for none.
  return day < "29" || new Date(value.slice(0, 10)).getUTCDate() === Number(day);
}
