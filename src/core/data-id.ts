/**
 * The name of one datum: a source ("db.users.id") and an id ("12345"). It is the cache key and the key on the wire.
 * The wire form is owned here and shared with the Go producers: form-encoded, keys sorted, pinned by
 * tests/unit/core/data-id.test.ts. Two different ids must never have the same wire form.
 */
import { InvalidDataIdError } from "../errors.js";

/** `T` is the type of the datum; it exists only for the compiler. Make one with `dataId` or `dataSource`. */
export class DataId<T = unknown> {
  readonly source: string;
  readonly id: string;
  /** Never set: it lets the compiler tell a `DataId<User>` from a `DataId<Order>`. */
  declare readonly valueType?: T;
  #wire: string | undefined;

  /** @internal use `dataId` */
  constructor(source: string, id: string) {
    this.source = wellFormed("source", source);
    this.id = wellFormed("id", id);
  }

  /** The wire key, `id=<id>&s=<source>&t=data.ID`. */
  toString(): string {
    this.#wire ??= `id=${encode(this.id)}&s=${encode(this.source)}&t=data.ID`;
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
  wellFormed("source", source);
  return (id) => new DataId<T>(source, id);
}

/**
 * Reads a wire key as the Go program does: the first value of a repeated field counts, any bad escape or raw `;`
 * makes it malformed, and any non-empty `t` will do.
 * @throws InvalidDataIdError
 */
export function parseDataId<T = unknown>(text: string): DataId<T> {
  const fields = typeof text === "string" ? parseForm(text) : undefined;
  if (fields === undefined) throw new InvalidDataIdError("a form-encoded data id", text);
  if (!fields.get("t")) throw new InvalidDataIdError("a data id with a type (t=data.ID)", text);
  return new DataId<T>(fields.get("s") ?? "", fields.get("id") ?? "");
}

/** The data id of an id or of an object that has one. @throws InvalidDataIdError */
export function toDataId(target: DataId | Observable): DataId {
  if (target instanceof DataId) return target;
  const named: unknown = isObservable(target) ? target.observableId() : target;
  if (named instanceof DataId) return named;
  // An id made by another copy of this package (bundlers make them) is as good as one of ours.
  if (typeof named === "object" && named !== null && "source" in named && "id" in named) {
    return new DataId(named.source as string, named.id as string);
  }
  throw new InvalidDataIdError("a data id or an object with observableId()", target);
}

function isObservable(target: unknown): target is Observable {
  return typeof target === "object" && target !== null && typeof Reflect.get(target, "observableId") === "function";
}

function wellFormed(name: string, value: string): string {
  if (typeof value !== "string") throw new InvalidDataIdError(`a string as the data id's ${name}`, value);
  if (LONE_SURROGATE.test(value)) {
    throw new InvalidDataIdError(`a well-formed string (no lone surrogate) as the data id's ${name}`, value);
  }
  return value;
}

const LONE_SURROGATE = /\p{Surrogate}/u;
const UNRESERVED = /^[A-Za-z0-9\-_.~]*$/;

function encode(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

/** The first value of each field, or undefined when any part of the text is malformed. */
function parseForm(text: string): Map<string, string> | undefined {
  const fields = new Map<string, string>();
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    if (pair.includes(";")) return undefined;
    const equals = pair.indexOf("=");
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = decode(equals < 0 ? "" : pair.slice(equals + 1));
    if (name === undefined || value === undefined) return undefined;
    if (!fields.has(name)) fields.set(name, value);
  }
  return fields;
}

const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder("utf-8", { ignoreBOM: true }) };

/** Unescapes byte by byte, since the bytes need not be UTF-8 (they then show as U+FFFD). */
function decode(text: string): string | undefined {
  if (BAD_ESCAPE.test(text)) return undefined;
  const spaced = text.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  const raw = utf8.encoder.encode(spaced);
  const bytes = new Uint8Array(raw.length);
  let length = 0;
  for (let i = 0; i < raw.length; i++) {
    if (raw[i] === PERCENT) {
      bytes[length++] = Number.parseInt(String.fromCharCode(raw[i + 1] ?? 0, raw[i + 2] ?? 0), 16);
      i += 2;
    } else {
      bytes[length++] = raw[i] ?? 0;
    }
  }
  return utf8.decoder.decode(bytes.subarray(0, length));
}

const PERCENT = 0x25;
