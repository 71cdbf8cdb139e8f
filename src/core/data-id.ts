/**
 * The name of one datum: a source ("db.users.id") and an id ("12345"). It is the cache key and the key on the wire.
 * The wire form is owned here and shared with the Go producers: form-encoded, keys sorted, pinned by
 * tests/unit/core/data-id.test.ts. Two different ids must never have the same wire form.
 */
import { InvalidDataIdError, isObject } from "../errors.js";
import { ignoreRejection } from "./ignore-rejection.js";
import { isPromise, isProxy, isSet } from "./node.js";

/** `T` is the type of the datum; it exists only for the compiler. Make one with `dataId` or `dataSource`. */
export class DataId<T = unknown> {
  declare readonly source: string;
  declare readonly id: string;
  /** Never set: it lets the compiler tell a `DataId<User>` from a `DataId<Order>`. */
  declare readonly valueType?: T;
  readonly #wire: string;

  /** @internal use `dataId` */
  constructor(source: string, id: string, afterId = wireAfterId(source)) {
    this.source = source;
    this.id = id;
    this.#wire = `id=${encode("id", id)}${afterId}`;
  }

  /** @internal whether it was made by this class: as `instanceof` is not, that is proof against look-alikes and Proxies */
  static isOne(value: unknown): value is DataId {
    return isObject(value) && #wire in value;
  }

  /** The wire key, `id=<id>&s=<source>&t=data.ID`. */
  toString(): string {
    return this.#wire;
  }
}

/** An object that knows which datum it is a copy of. */
export interface Observable {
  observableId(): DataId;
}

/**
 * Names the datum `id` of `source`.
 * @throws InvalidDataIdError when either is not a string, or holds half of a surrogate pair (it has no UTF-8 form).
 */
export function dataId<T = unknown>(source: string, id: string): DataId<T> {
  return new DataId<T>(source, id);
}

/** A factory of typed ids of one source: `const userById = dataSource<User>("db.users.id")`. */
export function dataSource<T = unknown>(source: string): (id: string) => DataId<T> {
  const afterId = wireAfterId(source);
  return (id) => new DataId<T>(source, id, afterId);
}

/**
 * Reads a wire key as the Go program does: the first value of a repeated field counts, any bad escape or raw `;`
 * makes it malformed, and any non-empty `t` will do.
 * @throws InvalidDataIdError
 */
export function parseDataId<T = unknown>(text: string): DataId<T> {
  return fromFields(fieldsOf(text));
}

/**
 * Reads the key of a record, which must have all of its fields, as every producer writes them: without one of them it may have
 * been meant for any datum.
 * @throws InvalidDataIdError
 */
export function parseWholeKey(text: string): DataId {
  const fields = fieldsOf(text);
  if (!fields.has("id") || !fields.has("s")) throw new InvalidDataIdError(WIRE_KEY, text);
  return fromFields(fields);
}

const WIRE_KEY = "a wire key (id=...&s=...&t=data.ID)";

/** @throws InvalidDataIdError */
function fieldsOf(text: string): URLSearchParams {
  // Node garbles what is not ASCII beside escapes that are not UTF-8. A "?" it would take off cannot follow an empty field.
  const fields = new URLSearchParams(`&${wellFormed("wire form", text).replace(NOT_ASCII, encodeURIComponent)}`);
  if (MALFORMED.test(text) || !fields.get("t")) throw new InvalidDataIdError(WIRE_KEY, text);
  return fields;
}

function fromFields<T>(fields: URLSearchParams): DataId<T> {
  return new DataId<T>(fields.get("s") ?? "", fields.get("id") ?? "");
}

/** The data id of an id or of an object that has one. @throws InvalidDataIdError, or whatever its `observableId()` throws */
export function toDataId(target: DataId | Observable): DataId {
  if (DataId.isOne(target)) return target;
  const observableId = observableIdOf(target);
  const named: unknown = typeof observableId === "function" ? observableId.call(target) : target;
  if (DataId.isOne(named)) return named;
  // An id made by another copy of this package (bundlers make them) is as good as one of ours.
  const [source, id] = [dataMember(named, "source"), dataMember(named, "id")];
  if (source === undefined || id === undefined) {
    ignoreRejection(named);
    throw new InvalidDataIdError("a data id or an object with observableId()", target, insteadOf(target));
  }
  return new DataId(source as string, id as string);
}

/** The method that says which datum an object is a copy of. A Proxy may have one, too; if it was revoked, or throws, it has none. */
export function observableIdOf(target: unknown): unknown {
  try {
    return isObject(target) ? (target as Partial<Observable>).observableId : undefined;
  } catch {
    return undefined;
  }
}

/** What the object itself holds, if that can be told without running code of its own. */
function dataMember(object: unknown, name: string): unknown {
  return isObject(object) && !isProxy(object) ? Object.getOwnPropertyDescriptor(object, name)?.value : undefined;
}

/** What to write instead of what is often taken for a data id. */
function insteadOf(target: unknown): string | undefined {
  switch (typeof target) {
    case "string":
      return "use dataId(source, id), or parseDataId(key) where it is a wire key";
    case "number":
    case "bigint":
      return "use dataId(source, String(id))";
    case "function":
      return "call it with an id, if it came from dataSource()";
  }
  if (isPromise(target)) return "await it first";
  return isArray(target) || isSet(target) ? "pass them one by one, as in invalidate(...ids)" : undefined;
}

/** A Proxy that was revoked cannot even be asked. */
function isArray(value: unknown): boolean {
  return !isProxy(value) && Array.isArray(value);
}

function wellFormed(name: string, value: string): string {
  if (typeof value === "string" && value.isWellFormed()) return value;
  const isNumber = name === "id" && (typeof value === "number" || typeof value === "bigint");
  const instead = isNumber ? "use String(id)" : isArray(value) ? "pass one at a time" : undefined;
  throw new InvalidDataIdError(`a well-formed string as the data id's ${name}`, value, instead);
}

const MALFORMED = /;|%(?![\da-f]{2})/i;
const NOT_ASCII = /\P{ASCII}+/gu;
const UNRESERVED = /^[\w\-.~]*$/;

function wireAfterId(source: string): string {
  return `&s=${encode("source", source)}&t=data.ID`;
}

function encode(name: string, text: string): string {
  if (UNRESERVED.test(wellFormed(name, text))) return text;
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}
