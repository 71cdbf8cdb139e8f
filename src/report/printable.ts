/**
 * Foreign text made safe to print. Names come from logs and from command lines: a terminal would obey control characters
 * in them, and characters that turn the direction of text or cannot be seen would make one name look like another.
 */

/** Control, format (direction, zero width), private and unassigned characters, lone surrogates, and line separators. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

export function printable(text: string): string {
  return text.replace(UNPRINTABLE, "\u{fffd}");
}

/** The same for JSON, where nothing is lost: such characters are written as their numbers. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
