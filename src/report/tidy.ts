/**
 * Undoes what tools do to the characters of a line without changing its meaning: colours, quotes written as numbers, and
 * folded lines. So the scanner knows one way only in which a quote can be escaped. Text comes in pieces cut anywhere.
 */

const ESCAPE = "\u001b";
/** Colours and the like, as `jq -C` and `grep --color` put them in. */
const STYLING = new RegExp(`${ESCAPE}\\[[0-9;:]*[A-Za-z]`, "g");
/** Some libraries write a quote within a string as its number; wrapped again, its backslashes are doubled. */
const NUMBERED_QUOTE = /(\\+)u0022/g;
/** YAML's long strings (`aws … --output yaml`) go on in the next line, behind its indentation. */
const FOLD = /\\\r?\n[ \t]*(?:\\(?= ))?/g;
/** What may go on in the next piece as one of these. */
const UNFINISHED = new RegExp(
  `(?:${ESCAPE}(?:\\[[0-9;:]{0,16})?|\\\\+(?:u0{0,2}|u002|\\r?(?:\\n[ \\t]{0,64}\\\\?)?))$`,
);
const LONGEST = 128;

export class Tidier {
  #held = "";

  push(piece: string): string {
    const text = this.#held + piece;
    const from = Math.max(0, text.length - LONGEST);
    const unfinished = UNFINISHED.exec(text.slice(from));
    const end = unfinished === null ? text.length : from + unfinished.index;
    this.#held = text.slice(end);
    return tidied(text.slice(0, end));
  }

  end(): string {
    const text = tidied(this.#held);
    this.#held = "";
    return text;
  }
}

function tidied(text: string): string {
  let tidy = text;
  if (tidy.includes(ESCAPE)) tidy = tidy.replace(STYLING, "");
  if (tidy.includes("\\\n") || tidy.includes("\\\r\n")) tidy = tidy.replace(FOLD, "");
  if (tidy.includes("u0022")) {
    tidy = tidy.replace(NUMBERED_QUOTE, (_all, { length }: string) => `${"\\".repeat(backslashesFor(length))}"`);
  }
  return tidy;
}

/** An odd number escapes the quote itself. An even one escapes the text `\u0022` with half as many, and so on inwards. */
function backslashesFor(count: number): number {
  return count % 2 === 1 ? count : 2 * backslashesFor(count / 2) + 1;
}
