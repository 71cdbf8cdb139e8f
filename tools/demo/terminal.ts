/**
 * Lines, colours and one line that changes in place. Colours and the changing line only where a person is watching: a
 * file or a pipe gets plain lines, a few of them.
 */

type Style = (text: string) => string;

export interface Terminal {
  readonly styles: Readonly<Record<"bold" | "dim" | "green" | "yellow" | "red", Style>>;
  line(text?: string): void;
  /** Prose, in lines that fit into 80 columns. */
  text(text: string, style?: Style): void;
  /** Shows how far something has come, in place; on a pipe, as a line of its own every two seconds. */
  progress(text: string): void;
  /** Removes the progress line. */
  endProgress(): void;
}

/** Beside a margin of two, on both sides. */
const TEXT_WIDTH = 76;
const PLAIN_EVERY_MS = 2_000;
const LIVE_EVERY_MS = 80;

export function createTerminal(output: NodeJS.WriteStream): Terminal {
  const live = output.isTTY === true;
  const { NO_COLOR = "", FORCE_COLOR = "" } = process.env;
  const coloured = NO_COLOR === "" && (live || /^[1-3]$/.test(FORCE_COLOR));
  const style = (code: number): Style => (coloured ? (text) => `\u001b[${code}m${text}\u001b[0m` : (text) => text);
  const clear = live ? "\r\u001b[2K" : "";
  let shownMs = performance.now();
  return {
    styles: { bold: style(1), dim: style(2), green: style(32), yellow: style(33), red: style(31) },
    line: (text = "") => void output.write(`${text}\n`),
    text(text, style = (line) => line) {
      for (const line of wrap(text)) output.write(`  ${style(line)}\n`);
    },
    progress(text) {
      if (performance.now() - shownMs < (live ? LIVE_EVERY_MS : PLAIN_EVERY_MS)) return;
      shownMs = performance.now();
      output.write(live ? `${clear}${text}` : `${text}\n`);
    },
    endProgress: () => void output.write(clear),
  };
}

/** `████░░░░`, filled by the share `part` of its width. */
export function bar(part: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, part)) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}

/** In lines of whole words. */
function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= TEXT_WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
