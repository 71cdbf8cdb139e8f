/**
 * How a cached value is kept from being changed by one handler for the next: frozen, which costs nothing at a hit; copied,
 * so that each may change its own; or not at all. It must never fail: a value that cannot be kept so is kept as it is.
 */
import type { ResolvedOptions } from "../settings.js";
import { copyAgain, deepCopy } from "./copy.js";
import { deepFreeze } from "./freeze.js";

export interface Keeping {
  /** What is stored of a value, and shared by those who load it together. */
  keep<T>(value: T): T;
  /** What is handed out of it; undefined where that is itself, so that a hit makes no call. */
  readonly hand: (<T>(kept: T) => T) | undefined;
}

export function keepingBy(freeze: ResolvedOptions["freeze"]): Keeping {
  if (freeze === "copy") return { keep: deepCopy, hand: copyAgain };
  return { keep: freeze ? deepFreeze : (value) => value, hand: undefined };
}
