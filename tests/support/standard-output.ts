/**
 * Takes what is written to standard output, raw, while a piece of code runs.
 * It exists because Powertools has a console of its own: spying on the global one would miss its lines.
 */
export interface Captured<T> {
  readonly result: T;
  readonly lines: readonly string[];
}

export async function captureStandardOutput<T>(run: () => T | Promise<T>): Promise<Captured<T>> {
  const original = process.stdout.write;
  let text = "";
  process.stdout.write = ((chunk: string | Uint8Array) => {
    text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    return true;
  }) as typeof process.stdout.write;
  try {
    const result = await run();
    return { result, lines: text.split("\n").filter((line) => line !== "") };
  } finally {
    process.stdout.write = original;
  }
}
