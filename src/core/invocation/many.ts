/**
 * `getOrAddMany`: one call of a loader for all that is missing of several data, where `getOrAdd` would make one for each. What
 * is found, what is shared, and what may be stored is each datum's own affair, by the same rules; only the load is one.
 */
import { describe, InvalidValueError } from "../../errors.js";
import { type DataId, parseDataId } from "../data-id.js";
import { ignoreRejection } from "../ignore-rejection.js";
import type { Moment } from "../moment.js";
import { isMap } from "../node.js";
import { requireDataId, requireNoPromises } from "./arguments.js";
import type { Load, Loads } from "./loads.js";
import type { LoadOwner } from "./sharing.js";

export type LoadMany<T> = (
  missing: readonly DataId<T>[],
) => ReadonlyMap<DataId<T>, T> | PromiseLike<ReadonlyMap<DataId<T>, T>>;

/** What an invocation can do for each of the data. */
export interface ManyParts {
  readonly owner: LoadOwner;
  readonly loads: Pick<Loads<LoadOwner>, "runTogether">;
  loadStart(): Moment;
  /** The cached value, counted as a hit or as a miss. In a box: it may be undefined. */
  hit(id: DataId): { readonly value: unknown } | undefined;
  /** A load under way that may be waited for. */
  shared(id: DataId): Load<LoadOwner> | undefined;
  wait<T>(running: Load<LoadOwner>, id: DataId, loadAlone: () => Promise<T>): Promise<T>;
  /** Keeps a value that was loaded, and caches it if it may; `share` of them came with one load. Returns what is kept. */
  keep<T>(id: DataId, value: T, start: Moment, share: number): T;
  /** What was kept, as the handler is given it: a copy of its own, or the same. */
  hand<T>(kept: T): T;
}

/** Values by the ids that were given, in their order; what the loader does not return is left out. */
export async function getOrAddMany<T>(
  parts: ManyParts,
  ids: readonly DataId<T>[],
  load: LoadMany<T>,
): Promise<Map<DataId<T>, T>> {
  const wanted = new Map<string, DataId<T>>();
  for (const id of ids) wanted.set(requireDataId(id).toString(), id);
  const values = new Map<string, Promise<T | undefined>>();
  const missing: DataId<T>[] = [];
  const loadAlone = inOneTurn((all: readonly DataId<T>[]) => loadOrJoin(parts, all, load));
  for (const [key, id] of wanted) {
    const found = parts.hit(id);
    const running = found === undefined ? parts.shared(id) : undefined;
    if (found !== undefined) values.set(key, Promise.resolve(found.value as T));
    else if (running === undefined) missing.push(id);
    else
      values.set(
        key,
        parts.wait<T | undefined>(running, id, () => loadAlone(id)),
      );
  }
  loadTogether(parts, missing, load).forEach((value, index) => {
    values.set(String(missing[index]), value.then(parts.hand));
  });
  const found = new Map<string, T>();
  await Promise.all(values.values());
  for (const [key, loading] of values) {
    const value = await loading;
    if (value !== undefined) found.set(key, value);
  }
  return byGiven(ids, found);
}

/** The values by the ids as they were given, of which several may be equal. */
export function byGiven<T>(ids: readonly DataId<T>[], values: ReadonlyMap<string, T>): Map<DataId<T>, T> {
  const given = new Map<DataId<T>, T>();
  for (const id of ids) {
    const key = requireDataId(id).toString();
    if (values.has(key)) given.set(id, values.get(key) as T);
  }
  return given;
}

/** What is asked for in one turn is loaded together: of a load that was shared and failed, for one. */
function inOneTurn<I, T>(loadAll: (ids: readonly I[]) => Promise<T | undefined>[]): (id: I) => Promise<T | undefined> {
  let asked: I[] = [];
  let loaded: Promise<{ readonly all: Promise<T | undefined>[] }> | undefined;
  return async (id) => {
    const index = asked.push(id) - 1;
    loaded ??= Promise.resolve().then(() => {
      const all = asked;
      asked = [];
      loaded = undefined;
      return { all: loadAll(all) };
    });
    return (await loaded).all[index];
  };
}

/** For data that were waited for in vain. Where several calls of one invocation were, one loads, and what that finds is final. */
function loadOrJoin<T>(parts: ManyParts, ids: readonly DataId<T>[], load: LoadMany<T>): Promise<T | undefined>[] {
  const begun = ids.map((id) => ownLoad<T>(parts, id));
  const rest = ids.filter((_, index) => begun[index] === undefined);
  const loaded = loadTogether(parts, rest, load).values();
  return begun.map((running) => running ?? (loaded.next().value as Promise<T | undefined>));
}

/** What a load under way of this very invocation comes to. */
function ownLoad<T>({ owner, shared }: ManyParts, id: DataId): Promise<T | undefined> | undefined {
  const running = shared(id);
  return running?.owner === owner ? (running.result as Promise<T | undefined>) : undefined;
}

function loadTogether<T>(
  { owner, loads, loadStart, keep }: ManyParts,
  ids: readonly DataId<T>[],
  load: LoadMany<T>,
): Promise<T | undefined>[] {
  if (ids.length === 0) return [];
  const start = loadStart();
  return loads.runTogether(ids.map(String), start, owner, async () => {
    // A copy: loaders take such a list to pieces.
    const loaded = byKey(await load([...ids]));
    return ids.map((id) => {
      const value = loaded.get(id.toString());
      return value === undefined ? undefined : keep(id, value, start, ids.length);
    });
  });
}

const MUST_RETURN = "the loader of getOrAddMany must return a Map of the data ids it was given to their values";

/** The loader may have made its ids anew. @throws InvalidValueError */
function byKey<T>(loaded: ReadonlyMap<DataId<T>, T>): Map<string, T> {
  if (!isMap(loaded)) {
    // Such as `ids.map(async …)`.
    for (const one of [loaded as unknown].flat()) ignoreRejection(one);
    throw new InvalidValueError(MUST_RETURN);
  }
  requireNoPromises([...loaded.values()]);
  return new Map([...loaded].map(([id, value]) => [keyOf(id), value]));
}

function keyOf(id: DataId | string): string {
  try {
    return typeof id === "string" ? parseDataId(id).toString() : requireDataId(id).toString();
  } catch {
    throw new InvalidValueError(`${MUST_RETURN}; a key of it is ${describe(id)}`);
  }
}
