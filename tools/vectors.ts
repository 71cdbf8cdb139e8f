/**
 * `npm run vectors`: change records as databases give them, and whether the decoders of `scache/cdc` make of each what they
 * must. Another file of the same form can be given, so that records of one's own can be tried. It exits 1 when one is not
 * agreed on, and says what was wanted and what came.
 */
import { changeVectors, dataOf, decodersOf, disagreement, tablesFor } from "../tests/support/change-vectors.js";
import { readArguments } from "./arguments.js";

const USAGE = `usage: npm run vectors -- [options] [FILE]

Tries the decoders of change records on records as databases give them, those of FILE or of tests/vectors.

  --json     one JSON object as the last line
  --help     prints this

Exit code: 0; 1 when a decoder makes something else of a record; 2 for wrong arguments.`;

const { json, file } = readArguments({
  usage: USAGE,
  options: { json: { type: "boolean", default: false } },
  allowPositionals: true,
  read: (values, [path]) => ({ json: values.json, file: path }),
});

interface Figures {
  records: number;
  agreed: number;
}

const formats: Record<string, Figures> = {};
const disagreements: { readonly id: string; readonly said: string }[] = [];
for (const sample of changeVectors(file)) {
  formats[sample.format] ??= { records: 0, agreed: 0 };
  const figures = formats[sample.format] as Figures;
  figures.records++;
  const said = decodersOf(sample, tablesFor(sample)).flatMap(
    (decode) => disagreement(sample, decode, dataOf(sample)) ?? [],
  );
  if (said[0] === undefined) figures.agreed++;
  else disagreements.push({ id: sample.id, said: said[0] });
}
for (const [format, { records, agreed }] of Object.entries(formats)) {
  console.log(`${format.padEnd(20)} ${String(agreed).padStart(4)} of ${String(records).padStart(4)}`);
}
for (const { id, said } of disagreements) console.log(`${id}: ${said}`);
const records = Object.values(formats).reduce((sum, each) => sum + each.records, 0);
const agreed = records - disagreements.length;
console.log(`${agreed} of ${records} records mean what they must`);
if (json) console.log(JSON.stringify({ records, agreed, disagreed: disagreements.map(({ id }) => id), formats }));
process.exitCode = records > 0 && disagreements.length === 0 ? 0 : 1;
