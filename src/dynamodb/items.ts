/**
 * Items of the table as DynamoDB writes them, and what they mean: the three types of attribute that the log uses, put
 * together and taken apart by hand. An item that another program has written otherwise must never be guessed at.
 */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { HEAD_VERSION, type Head, MAX_SEGMENT_RECORDS, type Segment, type UnreadableHead } from "./table-api.js";

export type Item = Readonly<Record<string, AttributeValue>>;

/** Where the head sorts: before every segment. */
const HEAD_SORT = -1;

const encoder = new TextEncoder();
const NOTHING = new Uint8Array();

export const text = (value: string): AttributeValue => ({ S: value });
export const number = (value: number): AttributeValue => ({ N: String(value) });
export const list = (records: readonly Uint8Array[]): AttributeValue => ({ L: records.map((B) => ({ B })) });

export function headKey(log: string): Record<"pk" | "sk", AttributeValue> {
  return { pk: text(log), sk: number(HEAD_SORT) };
}

/** The partition that all segments of one incarnation share. */
export function segmentsKey(log: string, incarnation: string): AttributeValue {
  return text(`${log}#${incarnation}`);
}

export function toHead({ i, b, r, v }: Item): Head | UnreadableHead {
  const version = v === undefined ? HEAD_VERSION : wholeNumber(v);
  if (version !== HEAD_VERSION) return { unreadable: `its version is ${v?.N ?? "not a number"}` };
  const first = wholeNumber(b);
  if (!i?.S) return { unreadable: "it has no incarnation (i)" };
  if (first === undefined) return { unreadable: "it does not say where its list begins (b)" };
  if (!r?.L) return { unreadable: "it has no list of records (r)" };
  return { incarnation: i.S, first, records: r.L.map(toRecord) };
}

/** Undefined for what is no segment that this code, in any version of it, would have put. */
export function toSegment({ sk, r }: Item): Segment | undefined {
  const first = wholeNumber(sk);
  const records = r?.L;
  if (first === undefined || !records?.length || records.length > MAX_SEGMENT_RECORDS) return undefined;
  return { first, records: records.map(toRecord) };
}

/**
 * Bytes, or text, which is easier to write from a shell. Anything else is handed on as a record without content: nobody
 * understands that, so the cache is emptied.
 */
function toRecord({ B, S }: AttributeValue): Uint8Array {
  return B ?? (S === undefined ? NOTHING : encoder.encode(S));
}

function wholeNumber(value: AttributeValue | undefined): number | undefined {
  const read = Number(value?.N);
  return Number.isSafeInteger(read) && read >= 0 ? read : undefined;
}
