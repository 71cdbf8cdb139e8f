/**
 * What a change of a row means for the ids made of it, whatever the format that tells it. One table, from the operation and
 * the images that are there to the rows whose ids go; where rows are not known, every id of the source goes instead.
 */
import type { Columns } from "./columns.js";

export type Operation = "insert" | "update" | "delete" | "unknown";

export interface Images {
  readonly before?: Columns | undefined;
  readonly after?: Columns | undefined;
  /** Whether `before` holds what every column really held, and not only the key. */
  readonly isBeforeTrusted: boolean;
}

/** Rows whose ids go; undefined when it is not known which, so that the source goes as a whole. */
export interface ChangedRows {
  /** Of ids made of the primary key. */
  readonly keys: readonly Columns[] | undefined;
  /** Of ids made of columns that may change. */
  readonly values: readonly Columns[] | undefined;
}

/** Any row, or what a row is, may have changed. */
export const WHOLE_TABLE: ChangedRows = { keys: undefined, values: undefined };

export function changedRows(operation: Operation, { before, after, isBeforeTrusted }: Images): ChangedRows {
  const then = isBeforeTrusted ? before : undefined;
  switch (operation) {
    case "insert":
      return { keys: all(after), values: all(after) };
    case "update":
      // A key that was changed is in `before` even where nothing else is.
      return { keys: before === undefined ? all(after) : all(before, after), values: all(then, after) };
    case "delete":
      return { keys: all(before), values: all(then) };
    case "unknown": {
      const images = [before, after].filter((image) => image !== undefined);
      return { keys: images.length === 0 ? undefined : images, values: all(then, after) };
    }
  }
}

/** The rows if they are all there. */
function all(...rows: readonly (Columns | undefined)[]): readonly Columns[] | undefined {
  const there = rows.filter((row) => row !== undefined);
  return there.length === rows.length ? there : undefined;
}
