/**
 * The columns of one image of a row, as texts. A column that is not there, is null, or has no one text cannot be read, and
 * says so by throwing: an id made of a guess would name another row, and the right one would stay in every cache.
 */

/**
 * A row's columns as a table's functions see them: all text, exact. Reading one that has no text throws, and is remembered:
 * whatever a function makes of such a row, be it for having caught the error, is no id of it.
 */
export type Row = Readonly<Record<string, string>>;

export interface Columns {
  has(name: string): boolean;
  /** @throws Unreadable */
  text(name: string): string;
}

/** Why a source goes as a whole. It is caught where the ids of a row are made, and never leaves the decoder. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

/** The text of one value; undefined when it has none. */
export type ReadValue = (value: unknown, column: string) => string | undefined;

/** Columns that are the properties of an object, its own alone: `__proto__` and `constructor` are names like any other. */
export function columnsOf(image: object, read: ReadValue): Columns {
  return {
    has: (name) => Object.hasOwn(image, name),
    text(name) {
      const value: unknown = Object.hasOwn(image, name) ? Reflect.get(image, name) : undefined;
      return textOf(value === null || value === undefined ? undefined : read(value, name), name);
    },
  };
}

/** What `above` has, and the rest of `below`. */
export function layered(above: Columns, below: Columns): Columns {
  return {
    has: (name) => above.has(name) || below.has(name),
    text: (name) => (above.has(name) ? above : below).text(name),
  };
}

function textOf(text: string | undefined, name: string): string {
  if (text === undefined) throw new Unreadable(`no text for column ${JSON.stringify(name)}`);
  return text;
}

/** A row as a function is given it, and what came of its reading. */
export interface RowReading {
  readonly row: Row;
  /** Whether anything that was asked of the row could not be told, also where the function caught the error. */
  readonly wasRefused: () => boolean;
}

/** What stands behind a row. */
interface Asked {
  readonly columns: Columns;
  wasRefused: boolean;
}

function read(asked: Asked, name: string | symbol): string | undefined {
  if (typeof name !== "string") return undefined;
  try {
    return asked.columns.text(name);
  } catch (error) {
    asked.wasRefused = true;
    throw error;
  }
}

/** Refused, since a row may be there in part: what a function made of the columns it finds would be another id each time. */
function refuse(asked: Asked): never {
  asked.wasRefused = true;
  throw new Unreadable("columns can only be read by their names");
}
const no = () => false;

const BY_NAME_ONLY: ProxyHandler<Asked> = {
  get: read,
  has: (asked, name) => read(asked, name) !== undefined,
  ownKeys: refuse,
  getOwnPropertyDescriptor: refuse,
  getPrototypeOf: () => null,
  set: no,
  defineProperty: no,
  deleteProperty: no,
  setPrototypeOf: no,
  preventExtensions: no,
};

export function readingOf(columns: Columns): RowReading {
  const asked: Asked = { columns, wasRefused: false };
  return { row: new Proxy(asked, BY_NAME_ONLY) as unknown as Row, wasRefused: () => asked.wasRefused };
}
