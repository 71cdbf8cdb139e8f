/**
 * What a handler's calls are given, checked: the types do not hold in JavaScript. A wrong argument fails at once and in
 * words; nothing is made of it.
 */
import { InvalidDataIdError, InvalidOptionError, isObject } from "../../errors.js";
import { DataId, toDataId } from "../data-id.js";
import type { AddOptions } from "./context-cache.js";

/** @throws InvalidDataIdError */
export function requireDataId(id: DataId): DataId {
  if (id instanceof DataId) return id;
  if (isObject(id) && "observableId" in id) throw new InvalidDataIdError("a data id", id);
  return toDataId(id);
}

type Rule = readonly [expected: string, fits: (value: unknown) => boolean];

const RULES: Readonly<Record<string, Rule>> = {
  savedMs: ["a number of milliseconds", Number.isFinite],
  ttlMs: ["a positive number of milliseconds", (ttlMs) => typeof ttlMs === "number" && ttlMs > 0],
};

/** @throws InvalidOptionError */
export function checkOptions(options: AddOptions): void {
  if (!isObject(options)) throw new InvalidOptionError("options", "an object", options);
  for (const name in options) {
    const [expected, fits] = RULES[name] ?? ["one of savedMs, ttlMs"];
    const value = options[name as keyof AddOptions];
    if (value !== undefined && !fits?.(value)) throw new InvalidOptionError(name, expected, value);
  }
}
