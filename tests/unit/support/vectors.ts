/**
 * Reads the wire-format vectors that the Go program wrote, where they lie beside the repository. Without them there are
 * no vectors, and the literal samples in each test stand alone.
 */
import { existsSync, readFileSync } from "node:fs";

export function vectors<T>(name: string): readonly T[] {
  const file = new URL(`../../../../shared/vectors/${name}`, import.meta.url);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as T[]) : [];
}
