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
  if (isObject(id) && "observableId" in id) {
    throw new InvalidDataIdError("a data id", id, "pass its observableId()");
  }
  return toDataId(id);
}

interface Rule {
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
}

const RULES: Readonly<Record<keyof AddOptions, Rule>> = {
  savedMs: { expected: "a number of milliseconds", fits: Number.isFinite },
  ttlMs: {
    expected: "a positive number of milliseconds",
    fits: (ttlMs) => typeof ttlMs === "number" && ttlMs > 0,
  },
};

/** @throws InvalidOptionError */
export function checkOptions(options: AddOptions): void {
  if (!isObject(options)) throw new InvalidOptionError("options", "an object", options);
  for (const name in options) {
    if (!isKnown(name)) throw InvalidOptionError.unknown(name, Object.keys(RULES));
    const { expected, fits } = RULES[name];
    const value = options[name];
    if (value !== undefined && !fits(value)) throw new InvalidOptionError(name, expected, value);
  }
}

function isKnown(name: string): name is keyof AddOptions {
  return Object.hasOwn(RULES, name);
}
