/**
 * The port to DynamoDB: the calls that a log in a table is made of, in the shapes the protocol needs. The AWS adapter and the
 * table in memory both stand behind it, held to one contract suite. One call here is exactly one call to the service, never
 * a retry, and nothing here decides anything.
 *
 * A log is one item, its head, and segments: older parts of its list, put aside so that the head stays small.
 *
 *   head      pk = <log>                  sk = -1      i, b, r, and perhaps v
 *   segment   pk = <log>#<incarnation>    sk = first   r, ttl
 */

/** The head as it was at one moment. Record number n is `records[n - first]`. */
export interface Head {
  /** Drawn anew whenever a log begins anew: numbers of one incarnation say nothing about another. */
  readonly incarnation: string;
  /** The number of the first record that is still in the head. */
  readonly first: number;
  readonly records: readonly Uint8Array[];
}

/** The head is there but is not written the way this version understands: nothing may be concluded from it. */
export interface UnreadableHead {
  /** What is odd about it: `its version is 2`. */
  readonly unreadable: string;
}

/** A part of the log's list that was moved out of the head. */
export interface Segment {
  readonly first: number;
  readonly records: readonly Uint8Array[];
}

export interface SegmentsQuery {
  readonly incarnation: string;
  /** Segments whose first record has this number or a later one, */
  readonly from: number;
  /** and an earlier one than this. */
  readonly before: number;
}

export interface SegmentsPage {
  /** Oldest first. One that cannot be understood is left out: to a reader it is missing. */
  readonly segments: readonly Segment[];
  /** What reading on starts from, less than the query's `before`; absent at the end. */
  readonly next?: number | undefined;
}

/** `eventual` is half the price and may be older than what was acknowledged: nothing may rest on it. */
export type Consistency = "strong" | "eventual";

/** The most records that one segment holds, and that one trim removes. */
export const MAX_SEGMENT_RECORDS = 100;

/** The version of the head that this code writes and trims. A head without `v` has it. */
export const HEAD_VERSION = 1;

/** Every method rejects with `LogFailure` alone. */
export interface TableApi {
  /** Undefined when there is no head: nothing was ever appended. */
  getHead(consistency: Consistency, signal: AbortSignal): Promise<Head | UnreadableHead | undefined>;

  /**
   * Adds records at the end, and makes the head if there is none. Needs no condition, and may be repeated.
   * @param incarnation of the head, should it have to be made: a fresh one for each attempt, since a late duplicate must not
   *   bring an old one back
   * @returns the head as the append left it, its own records last; `full` when the item can hold no more
   */
  append(
    records: readonly Uint8Array[],
    incarnation: string,
    signal: AbortSignal,
  ): Promise<Head | UnreadableHead | "full">;

  /** One page, a strong read. */
  querySegments(query: SegmentsQuery, signal: AbortSignal): Promise<SegmentsPage>;

  /** One segment, a strong read. Undefined where it is missing or not understood. */
  getSegment(incarnation: string, first: number, signal: AbortSignal): Promise<Segment | undefined>;

  /** Puts a segment aside, unless there is one at this number: what others may have put is never overwritten. */
  putSegment(
    incarnation: string,
    segment: Segment,
    expiresAtMs: number,
    signal: AbortSignal,
  ): Promise<"put" | "exists">;

  /**
   * Takes the first `count` records out of a head that still begins at `first` and is of this version.
   * @returns the head as the trim left it; `changed` when it is another by now
   */
  trim(
    head: Pick<Head, "incarnation" | "first">,
    count: number,
    signal: AbortSignal,
  ): Promise<Head | UnreadableHead | "changed">;

  /** Begins the log anew, empty, if it is still of the incarnation `seen`. @param fresh one for each attempt */
  reset(seen: string, fresh: string, signal: AbortSignal): Promise<"reset" | "changed">;
}

export function isReadable(head: Head | UnreadableHead): head is Head {
  return !("unreadable" in head);
}
