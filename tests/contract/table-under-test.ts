/** What the contract suites need of a DynamoDB, real, embedded or in memory, and the few steps all their tests are made of. */
import { LogFailure } from "../../src/core/log.js";
import { type Head, isReadable, type TableApi, type UnreadableHead } from "../../src/dynamodb/table-api.js";

/** One table of its own, and what a test must be able to do to it besides the calls of the port. */
export interface TableUnderTest {
  /** A client of the log with this name. */
  connect(log: string): TableApi;
  /** The same service, a table that is not there. */
  readonly missing: TableApi;
  /** Says of the head of a log that it is of another version. */
  setVersion(log: string, version: number): Promise<void>;
  /** Deletes the table and creates it again under the same name. */
  recreate(): Promise<void>;
}

export interface TableService {
  start(): Promise<void>;
  stop(): Promise<void>;
  createTable(): Promise<TableUnderTest>;
}

export const never = new AbortController().signal;
export const bytes = (text: string) => new TextEncoder().encode(text);
export const textOf = (record: Uint8Array) => new TextDecoder().decode(record);
export const texts = ({ records }: { readonly records: readonly Uint8Array[] }) => records.map(textOf);

/** Appends one record for each text, one after another. */
export async function append(api: TableApi, incarnation: string, ...records: string[]): Promise<Head> {
  let head: Head | undefined;
  for (const record of records) head = readable(await api.append([bytes(record)], incarnation, never));
  if (head === undefined) throw new Error("nothing was appended");
  return head;
}

export function readable(head: Head | UnreadableHead | string | undefined): Head {
  if (head === undefined || typeof head === "string" || !isReadable(head)) {
    throw new Error(`no head that can be read: ${JSON.stringify(head)}`);
  }
  return head;
}

export async function headOf(api: TableApi): Promise<Head> {
  return readable(await api.getHead("strong", never));
}

export async function failureOf(promise: Promise<unknown>): Promise<LogFailure> {
  const error = await promise.then(
    () => new Error("resolved"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof LogFailure)) throw error;
  return error;
}

/** Draws incarnations, each another, as random ones are. */
export function incarnations(): () => string {
  let drawn = 0;
  return () => (++drawn).toString(16).padStart(16, "0");
}
