/**
 * What a handler's calls are given, checked: the types do not hold in JavaScript. A wrong argument fails at once and in
 * words; nothing is made of it.
 */
import { InvalidDataIdError, InvalidOptionError, isObject } from "../errors.js";
import type { AddOptions } from "./context-cache.js";
import { DataId, toDataId } from "./data-id.js";

/** @throws InvalidDataIdError */
export function requireDataId(id: DataId): DataId {
  if (id instanceof DataId) return id;
  if (isObject(id) && "observableId" in id) throw new InvalidDataIdError("a data id", id);
  return toDataId(id);
}

/** @throws InvalidOptionError */
export function checkOptions(options: AddOptions): void {
  if (!isObject(options)) throw new InvalidOptionError("options", "an object", options);
  const { savedMs, ttlMs } = options;
  if (savedMs !== undefined && !Number.isFinite(savedMs)) {
    throw new InvalidOptionError("savedMs", "a number of milliseconds", savedMs);
  }
  if (ttlMs !== undefined && !(typeof ttlMs === "number" && ttlMs > 0)) {
    throw new InvalidOptionError("ttlMs", "a number of milliseconds greater than 0", ttlMs);
  }
}
