/** What has changed: data, whole sources, or everything. A record says it, the fill fence remembers it. */
import { DataId, type Observable, toDataId } from "./data-id.js";

export interface Changed {
  /** Canonical wire keys. */
  readonly keys: readonly string[];
  readonly sources: readonly string[];
  readonly all: boolean;
}

export const NOTHING: Changed = { keys: [], sources: [], all: false };
export const EVERYTHING: Changed = { ...NOTHING, all: true };

/** @throws InvalidDataIdError */
export function changedData(targets: readonly (DataId | Observable)[]): Changed {
  return { ...NOTHING, keys: [...new Set(targets.map((target) => toDataId(target).toString()))] };
}

/** @throws InvalidDataIdError when it cannot be the source of any data id */
export function changedSource(source: string): Changed {
  return { ...NOTHING, sources: [new DataId(source, "").source] };
}
