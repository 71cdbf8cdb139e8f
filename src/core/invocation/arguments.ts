/**
 * What a handler's calls are given, checked: the types do not hold in JavaScript. A wrong argument fails at once and in
 * words; nothing is made of it.
 */
import { InvalidDataIdError, InvalidOptionError, InvalidValueError, isObject } from "../../errors.js";
import { DataId, observableIdOf, toDataId } from "../data-id.js";
import { ignoreRejection } from "../ignore-rejection.js";
import { isPromise, isProxy } from "../node.js";
import type { AddOptions, RefreshOptions } from "./context-cache.js";

/** @throws InvalidDataIdError */
export function requireDataId(id: DataId): DataId {
  if (DataId.isOne(id)) return id;
  const isObservable = observableIdOf(id) !== undefined;
  if (isObservable || isProxy(id)) {
    throw new InvalidDataIdError("a data id", id, isObservable ? "pass its observableId()" : undefined);
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
  if (!isObject(options) || isProxy(options)) throw new InvalidOptionError("options", "an object", options);
  for (const name in options) {
    if (!isKnown(name)) throw InvalidOptionError.unknown(name, Object.keys(RULES));
    const { expected, fits } = RULES[name];
    const value = options[name];
    if (value !== undefined && !fits(value)) throw new InvalidOptionError(name, expected, value);
  }
}

/** @throws InvalidOptionError */
export function requireLoader(load: unknown): void {
  if (typeof load !== "function") throw new InvalidOptionError("load", "a function that loads the value", load);
}

/** Returns a copy of the list, which is the caller's. @throws InvalidOptionError, InvalidDataIdError */
export function checkMany<Id extends DataId>(ids: readonly Id[], load: unknown, options: AddOptions): readonly Id[] {
  if (isProxy(ids) || !Array.isArray(ids)) throw new InvalidOptionError("ids", "a list of data ids", ids);
  // Asked one by one, since a hole in the list is passed over otherwise.
  for (const id of ids) requireDataId(id);
  requireLoader(load);
  checkOptions(options);
  return [...ids];
}

function isKnown(name: string): name is keyof AddOptions {
  return Object.hasOwn(RULES, name);
}

/**
 * A promise is not what it comes to: cached, it would be handed out after it was rejected, too.
 * @throws InvalidValueError
 */
export function requireNoPromises(values: readonly unknown[]): void {
  const promises = values.filter(isThenable);
  for (const promise of promises) ignoreRejection(promise);
  if (promises.length > 0) throw new InvalidValueError(PROMISE);
}

const PROMISE = "a promise cannot be cached: await it first, or give getOrAdd the function that loads it";

/** Whether it has a method `then`, as far as that can be told without running code of its own. */
function isThenable(value: unknown): boolean {
  if (isPromise(value)) return true;
  for (let object = value; isObject(object) || typeof object === "function"; object = Object.getPrototypeOf(object)) {
    if (isProxy(object)) return false;
    const then = Object.getOwnPropertyDescriptor(object, "then");
    if (then !== undefined) return typeof then.value === "function";
  }
  return false;
}

/** @throws InvalidOptionError */
export function checkRefresh(options: RefreshOptions): void {
  if (!isObject(options) || isProxy(options)) throw new InvalidOptionError("options", "an object", options);
  for (const name of Object.keys(options)) {
    if (name !== "covers") throw InvalidOptionError.unknown(name, ["covers"]);
  }
  const { covers } = options;
  if (covers === undefined || typeof covers === "string") return;
  throw new InvalidOptionError("covers", "a token that invalidate() resolved to", covers);
}
