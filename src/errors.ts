/**
 * The errors of scache: one base class, a stable `code`, the fields a caller can act on.
 * They exist so that nobody has to read a message to tell one failure from another.
 * A message never contains a cached value, and making one never runs code of a value's. It is below all other files: it
 * imports none of them.
 */
import { isProxy } from "node:util/types";

export type ScacheErrorCode =
  | "INVALID_OPTION"
  | "INVALID_DATA_ID"
  | "INVALID_VALUE"
  | "LOAD_CYCLE"
  | "PUBLISH_FAILED"
  | "REFRESH_FAILED"
  | "CHANGE_NOT_UNDERSTOOD";

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

  /** @param said what is wrong in words, or else what was expected, what came, and what would happen otherwise */
  constructor(
    option: string,
    ...said: [problem: string] | [expected: string, received: unknown, otherwise?: string | undefined]
  ) {
    super("INVALID_OPTION", said.length === 1 ? said[0] : mustBe(option, ...said));
    this.option = option;
  }

  /** There is no option of this name: which one may have been meant, or else all there are. */
  static unknown(option: string, known: readonly string[]): InvalidOptionError {
    const meant = nearest(option, known);
    const hint = meant === undefined ? `the options are ${known.join(", ")}` : `did you mean "${meant}"?`;
    return new InvalidOptionError(option, `unknown option ${describe(option)}; ${hint}`);
  }
}

function mustBe(option: string, expected: string, received: unknown, otherwise?: string): string {
  const text = `option "${option}" must be ${expected}, but got ${describe(received)}`;
  return otherwise === undefined ? text : `${text}; otherwise ${otherwise}`;
}

/** A text is not the wire form of a data id, or a source or id cannot be written as one. */
export class InvalidDataIdError extends ScacheError {
  override readonly name = "InvalidDataIdError";

  /** @param instead what to write, where the mistake is a known one */
  constructor(expected: string, received: unknown, instead?: string) {
    const hint = instead === undefined ? "" : `; ${instead}`;
    super("INVALID_DATA_ID", `expected ${expected}, but got ${describe(received)}${hint}`);
  }
}

/** A value that cannot be cached for what it is: a promise given to `add`, or no Map returned to `getOrAddMany`. */
export class InvalidValueError extends ScacheError {
  override readonly name = "InvalidValueError";

  constructor(what: string) {
    super("INVALID_VALUE", what);
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

/** The log may not hold every invalidation: those named in `ids` and `sources` may not have been published. */
export class PublishError extends ScacheError {
  override readonly name = "PublishError";
  /** Wire keys (`DataId.toString()`) that may not have been published. Not enumerable: a logger would print them all. */
  declare readonly ids: readonly string[];
  /** Sources whose invalidation may not have been published. Not enumerable, either. */
  declare readonly sources: readonly string[];
  /** Whether an `invalidateAll()` may not have been published. */
  declare readonly everything: boolean;
  /** How many ids and sources those are. */
  declare readonly idCount: number;
  declare readonly sourceCount: number;

  constructor(stream: string, unpublished: Pick<PublishError, "ids" | "sources" | "everything">, cause: unknown) {
    const { ids, sources, everything } = unpublished;
    const count = ids.length + sources.length + Number(everything);
    const what = count === 1 ? "1 invalidation" : `${count} invalidations`;
    const where = [ids.length > 0 && "ids", sources.length > 0 && "sources", everything && "everything"];
    const fields = where.flatMap((name) => (name ? `error.${name}` : [])).join(", ");
    const text = `could not confirm ${what} on "${stream}"${fields && ` (see ${fields})`}: ${messageOf(cause)}`;
    super("PUBLISH_FAILED", text, { cause });
    Object.assign(this, { everything, idCount: ids.length, sourceCount: sources.length });
    Object.defineProperties(this, { ids: { value: ids }, sources: { value: sources } });
  }
}

/**
 * The log could not be read to its end in time, which is an error only with `onRefreshError: "throw"`: by the before-hook, `refresh()` and
 * `ready()`; with `refreshWhen` other than "before" by whatever waited for it in place of the hook.
 */
export class RefreshError extends ScacheError {
  override readonly name = "RefreshError";

  constructor(stream: string, reason: string, cause?: unknown) {
    super("REFRESH_FAILED", `could not catch up with log "${stream}": ${reason}`, { cause });
  }
}

/** A database's change record that a decoder can make nothing of, and what to do: anything may have changed. */
export class ChangeRecordError extends ScacheError {
  override readonly name = "ChangeRecordError";

  constructor(message: string) {
    super("CHANGE_NOT_UNDERSTOOD", message);
  }
}

/** What was thrown need not be an error; and one without a text of its own has reasons that do have one. */
export function messageOf(thrown: unknown, depth = 0): string {
  if (!isError(thrown)) return describe(thrown);
  const reasons = [thrown.message];
  if (depth < 3) {
    reasons.push(
      ...summedUpBy(thrown)
        .slice(0, 3)
        .map((error) => messageOf(error, depth + 1)),
    );
    if (thrown.message === "" && thrown.cause !== undefined) reasons.push(messageOf(thrown.cause, depth + 1));
  }
  const told = new Set(reasons.filter((reason) => reason !== ""));
  return told.size > 0 ? [...told].join("; ") : thrown.name;
}

/** The errors that one sums up (`AggregateError`): connecting makes one of all the addresses it has tried. */
export function summedUpBy(error: Error): readonly unknown[] {
  const { errors } = error as Partial<AggregateError>;
  return Array.isArray(errors) ? errors : [];
}

/** `instanceof` does not know an error of another realm, such as a test runner's. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
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

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** An id can be as long as a record: a message must not be. */
function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}

/** The name that was probably meant: one that holds this one or is held by it, or that is a letter or two away. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const given = stemOf(name);
  const distances = known.map((one) => {
    const other = stemOf(one);
    const [short = "", long = ""] = [given, other].sort((a, b) => a.length - b.length);
    return { one, distance: short.length > 2 && long.includes(short) ? 1 : editsBetween(given, other) };
  });
  const [closest] = distances.sort((a, b) => a.distance - b.distance);
  return closest !== undefined && closest.distance <= 1 + given.length / 4 ? closest.one : undefined;
}

/** Without its unit, which is what gets forgotten or mistaken first. */
function stemOf(name: string): string {
  return name.toLowerCase().replace(/_|-|(ms|millis|milliseconds|s|sec|secs|seconds|minutes)$/g, "");
}

/** Letters put in, left out or replaced to make one text the other. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + Number(!isSame)));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
