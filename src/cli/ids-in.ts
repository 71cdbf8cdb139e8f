/**
 * Ids from standard input, one a line, as other programs print them: with blanks around them (`psql -t`), ended as on Windows,
 * with a byte-order mark. An id that nobody has would be published without a word, so what cannot be one is refused.
 */

const NEWLINE = 0x0a;

/** @throws Error naming the line that is no text in UTF-8 */
export function idsIn(bytes: Uint8Array): string[] {
  const ids: string[] = [];
  let line = 0;
  for (let from = 0; from < bytes.length; ) {
    line += 1;
    const end = bytes.indexOf(NEWLINE, from);
    const id = textOf(bytes.subarray(from, end < 0 ? bytes.length : end), line).trim();
    if (id !== "") ids.push(id);
    from = end < 0 ? bytes.length : end + 1;
  }
  return ids;
}

/** Without a byte-order mark. */
function textOf(bytes: Uint8Array, line: number): string {
  const place = `line ${line} of standard input`;
  if (bytes.includes(0)) throw new Error(`${place} holds a NUL: ids are read as UTF-8, and it may be UTF-16`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${place} is not UTF-8`);
  }
}
