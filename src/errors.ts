/**
 * The errors of scache: one base class, a stable `code`, the fields a caller can act on.
 * They exist so that nobody has to read a message to tell one failure from another.
 * A message never contains a cached value, and making one never runs code of a value's. This file imports nothing.
 */

export type ScacheErrorCode =
  | "INVALID_OPTION"
  | "INVALID_DATA_ID"
  | "INVALID_VALUE"
  | "LOAD_CYCLE"
  | "PUBLISH_FAILED"
  | "REFRESH_FAILED";

/** Base of every error scache throws or rejects with. */
export class ScacheError extends Error {
  // Written out in each class: a minified class has another name.
  override readonly name: string = "ScacheError";
  // Declared, here and below: the constructor sets it, and a field would only be bytes in a bundle.
  declare readonly code: ScacheErrorCode;

  constructor(code: ScacheErrorCode, message: string, options?: ErrorOptions) {
    super(`scache: ${message}`, options);
    this.code = code;
  }
}

/** An option or an argument is not what it must be. The message names it, what was expected and what came. */
export class InvalidOptionError extends ScacheError {
  override readonly name = "InvalidOptionError";
  declare readonly option: string;

  constructor(option: string, expected: string, received: unknown) {
    super("INVALID_OPTION", `option "${option}" must be ${expected}, but got ${describe(received)}`);
    this.option = option;
  }
}

/** A text is not the wire form of a data id, or a source or id cannot be written as one. */
export class InvalidDataIdError extends ScacheError {
  override readonly name = "InvalidDataIdError";

  constructor(expected: string, received: unknown) {
    super("INVALID_DATA_ID", `expected ${expected}, but got ${describe(received)}`);
  }
}

/** A value given to `add` is a promise, or another thenable: what it comes to can be cached, it cannot. */
export class InvalidValueError extends ScacheError {
  override readonly name = "InvalidValueError";

  constructor() {
    const remedy = "await it first, or give getOrAdd the function that loads it";
    super("INVALID_VALUE", `a promise cannot be cached: ${remedy}`);
  }
}

/** The load of a datum waits, through its own loader, for a load of the same datum, and so would never end. */
export class LoadCycleError extends ScacheError {
  override readonly name = "LoadCycleError";
  /** The wire keys (`DataId.toString()`) that wait for each other: the first one is asked for again by the last. */
  declare readonly ids: readonly string[];

  constructor(ids: readonly string[]) {
    super("LOAD_CYCLE", `loading ${[...ids, ids[0] ?? ""].map(shortened).join(" asks for ")}: no load of them can end`);
    // Not for a log that writes out whatever an error has.
    Object.defineProperty(this, "ids", { value: ids });
  }
}

/** Kinesis may not hold every invalidation: those named in `ids` and `sources` may not have been published. */
export class PublishError extends ScacheError {
  override readonly name = "PublishError";
  /** Wire keys (`DataId.toString()`) that may not have been published. */
  declare readonly ids: readonly string[];
  /** Sources whose invalidation may not have been published. */
  declare readonly sources: readonly string[];
  /** Whether an `invalidateAll()` may not have been published. */
  declare readonly everything: boolean;

  constructor(stream: string, unpublished: Pick<PublishError, "ids" | "sources" | "everything">, cause: unknown) {
    const { ids, sources, everything } = unpublished;
    const names = ids.concat(sources, everything ? ["everything"] : []);
    const shown = `${shortened(names.join(", "))} (${names.length} in all)`;
    super("PUBLISH_FAILED", `may not have been published to stream "${stream}": ${shown}: ${messageOf(cause)}`, {
      cause,
    });
    Object.assign(this, unpublished);
  }
}

/** The stream could not be read to its end in time: by the before-hook and `refresh()`, with `onRefreshError: "throw"` alone. */
export class RefreshError extends ScacheError {
  override readonly name = "RefreshError";

  constructor(stream: string, reason: string, cause?: unknown) {
    super("REFRESH_FAILED", `could not catch up with stream "${stream}": ${reason}`, { cause });
  }
}

/** What was thrown need not be an error. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : describe(thrown);
}

/** A short, safe description of any value for an error message: of an object, the names of what it holds. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(shortened(value));
  if (typeof value === "function") return "a function";
  if (!isObject(value)) return String(value);
  if (isProxy(value)) return "a Proxy";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) return "bytes";
  return `{${Object.getOwnPropertyNames(value).slice(0, 5).map(shortened).join(", ")}}`;
}

/** As in node.ts. Asked for in place of imported, since this file stands below all others. */
function isProxy(value: object): boolean {
  return process.getBuiltinModule?.("node:util").types.isProxy(value) ?? false;
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** An id can be as long as a record: a message must not be. */
function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}
