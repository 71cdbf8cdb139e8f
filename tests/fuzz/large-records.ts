/**
 * Records as large as Kinesis takes, of the shapes that make careless parsers slow. Work that grows with the square of a
 * mebibyte takes minutes, so a bound of seconds tells it apart on any machine, however busy.
 */
import { readWhole } from "../support/read-whole.js";

const MIB = 1_048_576;
const MOST_MS = 3_000;
const RUNS = 3;

/** Each makes a record of about `size` bytes. */
const SHAPES: Readonly<Record<string, (size: number) => string>> = {
  "one key of escapes": (size) => `{"keys":["id=${"%41".repeat(size / 3)}&s=a&t=data.ID"]}`,
  "one key that ends in a bad escape": (size) => `{"keys":["id=${"%41".repeat(size / 3)}%&s=a&t=data.ID"]}`,
  "one key of percent signs": (size) => `{"keys":["${"%".repeat(size)}"]}`,
  "one key of ampersands": (size) => `{"keys":["${"&".repeat(size)}id=1&s=a&t=data.ID"]}`,
  "one key of equals signs": (size) => `{"keys":["id${"=".repeat(size)}&s=a&t=data.ID"]}`,
  "one key of fields": (size) => `{"keys":["${"a=b&".repeat(size / 4)}id=1&s=a&t=data.ID"]}`,
  "one key of plain text": (size) => `{"keys":["id=${"a".repeat(size)}&s=a&t=data.ID"]}`,
  "one key of pluses, not quite plain": (size) => `{"keys":["id=${"+".repeat(size)}!&s=a&t=data.ID"]}`,
  "many short keys": (size) =>
    `{"keys":[${Array(Math.floor(size / 22))
      .fill('"id=1&s=a&t=data.ID"')
      .join(",")}]}`,
  "many fields": (size) => `{${Array.from({ length: size / 12 }, (_, index) => `"f${index}":1`).join(",")}}`,
  "keys again and again": (size) =>
    `{${Array(Math.floor(size / 10))
      .fill('"keys":[]')
      .join(",")}}`,
  "keys in every spelling": (size) =>
    `{${Array.from({ length: size / 30 }, (_, i) => `"${spelling(i)}":["id=1&s=a&t=data.ID"]`).join(",")}}`,
  "nested lists": (size) => "[".repeat(size),
  "nested objects": (size) => '{"keys":'.repeat(size / 8),
  "a long time": (size) => `{"keys":[],"ts":"${"2026-01-01T00:00:00.".padEnd(size, "0")}"}`,
  "a long time that is none": (size) => `{"keys":[],"ts":"${"2026-01-01T00:00:00.".padEnd(size, "0")}!"}`,
  spaces: (size) => " ".repeat(size),
};

function spelling(index: number): string {
  return [..."keys"].map((letter, bit) => ((index >> bit) & 1 ? letter.toUpperCase() : letter)).join("");
}

export interface LargeRecord {
  readonly name: string;
  readonly ms: number;
  readonly slow: boolean;
}

export function measureLargeRecords(): LargeRecord[] {
  return Object.entries(SHAPES).map(([name, make]) => {
    const ms = fastest(make(MIB));
    return { name, ms, slow: ms > MOST_MS };
  });
}

function fastest(text: string): number {
  const data = new TextEncoder().encode(text);
  let bestMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    const startedAt = performance.now();
    readWhole(data);
    bestMs = Math.min(bestMs, performance.now() - startedAt);
  }
  return bestMs;
}
