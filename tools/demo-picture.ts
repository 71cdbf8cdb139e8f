/**
 * Makes the picture of the demo in the README: runs it as `npm start` does, with colours, and draws what it prints as a
 * terminal would show it. An SVG of text: sharp at any size, and made without a browser.
 */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readArguments } from "./arguments.js";

const root = fileURLToPath(new URL("..", import.meta.url));

const USAGE = `usage: npm run demo:picture -- [options]

Runs the demo and draws what it prints.

  --from FILE   draws this, which a demo has printed with FORCE_COLOR=1, and runs none (none)
  --out FILE    the picture (docs/demo.svg)
  --json        one JSON object as the last line
  --help        prints this`;

const { from, out, json } = readArguments({
  usage: USAGE,
  options: {
    from: { type: "string" },
    out: { type: "string", default: join(root, "docs/demo.svg") },
    json: { type: "boolean", default: false },
  },
  read: (values) => values,
});

const COLUMNS = 80;
const CHARACTER = { width: 7.8, height: 17, size: 13 };
const MARGIN = 16;
const COLOURS: Readonly<Record<string, string>> = {
  page: "#0d1117",
  text: "#e6edf3",
  dim: "#8b949e",
  red: "#ff7b72",
  green: "#56d364",
  yellow: "#e3b341",
};

interface Style {
  readonly bold: boolean;
  readonly colour: string;
}

interface Run extends Style {
  readonly text: string;
  /** Where it begins. */
  readonly column: number;
}

const PLAIN: Style = { bold: false, colour: "text" };
const SELECTED: Readonly<Record<string, (style: Style) => Style>> = {
  0: () => PLAIN,
  1: (style) => ({ ...style, bold: true }),
  2: (style) => ({ ...style, colour: "dim" }),
  31: (style) => ({ ...style, colour: "red" }),
  32: (style) => ({ ...style, colour: "green" }),
  33: (style) => ({ ...style, colour: "yellow" }),
};

/** What a terminal makes of one line: its pieces, and how each is to look. */
function runsOf(line: string): readonly Run[] {
  const runs: Run[] = [];
  let style = PLAIN;
  let column = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what styles are set with
  for (const piece of line.split(/(\u001b\[\d+m)/)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    const [, selected] = /^\u001b\[(\d+)m$/.exec(piece) ?? [];
    if (selected !== undefined) style = SELECTED[selected]?.(style) ?? style;
    else if (piece.trim() !== "") runs.push({ ...style, text: piece, column });
    if (selected === undefined) column += piece.length;
  }
  return runs;
}

function drawn(lines: readonly string[]): string {
  const width = Math.round(COLUMNS * CHARACTER.width + 2 * MARGIN);
  const height = lines.length * CHARACTER.height + 2 * MARGIN;
  const texts = lines.flatMap((line, index) => {
    const y = MARGIN + (index + 0.75) * CHARACTER.height;
    return runsOf(line).flatMap((run) => wordsOf(run).map((word) => drawnWord(word, y)));
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="What npm start prints">
<rect width="100%" height="100%" rx="8" fill="${COLOURS.page}"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${CHARACTER.size}">
${texts.join("\n")}
</g>
</svg>
`;
}

/** Each word stands in its own column, so that a font that is a little wider or narrower moves nothing. */
function wordsOf(run: Run): readonly Run[] {
  return [...run.text.matchAll(/\S+(?: \S+)*/g)].map(({ 0: text, index }) => ({
    ...run,
    text,
    column: run.column + index,
  }));
}

function drawnWord({ text, column, bold, colour }: Run, y: number): string {
  const x = (MARGIN + column * CHARACTER.width).toFixed(1);
  const length = (text.length * CHARACTER.width).toFixed(1);
  const weight = bold ? ' font-weight="600"' : "";
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x}" y="${y.toFixed(1)}" textLength="${length}" fill="${COLOURS[colour]}"${weight}>${escaped}</text>`;
}

async function printedByDemo(): Promise<string> {
  const env: NodeJS.ProcessEnv = { ...process.env, FORCE_COLOR: "1", NO_COLOR: "" };
  const demo = spawn("npm", ["start"], { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  demo.stdout.on("data", (chunk) => {
    printed += String(chunk);
    process.stderr.write(chunk);
  });
  const code = await new Promise((resolve) => demo.once("close", resolve));
  if (code !== 0) throw new Error(`the demo ended with ${String(code)}`);
  return printed;
}

/** From the title to the answer, without what a terminal shows only while it waits and what npm says. */
function shown(printed: string): readonly string[] {
  const lines = printed.split("\n").filter((line) => !/[█░]|^ {2}starting /.test(line));
  const first = lines.findIndex((line) => line.includes("scache") && !line.startsWith(">"));
  if (first < 0) throw new Error("this is not what the demo prints");
  const picture = lines.slice(first).filter((line) => !line.startsWith("{"));
  while (picture.at(-1)?.trim() === "") picture.pop();
  return picture;
}

const lines = shown(from === undefined ? await printedByDemo() : readFileSync(from, "utf8"));
writeFileSync(out, drawn(lines));
console.log(`${out}: ${lines.length} lines`);
if (json) console.log(JSON.stringify({ out, lines: lines.length }));
