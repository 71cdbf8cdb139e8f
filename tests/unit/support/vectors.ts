/** Reads the wire-format vectors of tests/vectors: what the Go program wrote, so that both read one stream alike. */
import { readFileSync } from "node:fs";

export function vectors<T>(name: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}`, import.meta.url), "utf8")) as T[];
}
