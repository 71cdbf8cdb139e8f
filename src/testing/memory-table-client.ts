/**
 * One client of a log in the table in memory: the calls of the port, each with the fate that its policy gives it.
 * It must reject with nothing but `LogFailure`.
 */

import type { Clock } from "../core/clock.js";
import { LogFailure } from "../core/log.js";
import type {
  Consistency,
  Head,
  Segment,
  SegmentsPage,
  SegmentsQuery,
  TableApi,
  UnreadableHead,
} from "../dynamodb/table-api.js";
import { type CallFate, plannedCall } from "./planned-call.js";

/** One item. A head has all but `expiresAtMs`, a segment its records and that. */
export interface TableItem {
  readonly records: readonly Uint8Array[];
  readonly incarnation?: string;
  readonly first?: number;
  /** Absent: 1. */
  readonly version?: number;
  readonly expiresAtMs?: number;
}

/** What the client needs of the table it is connected to. Each throws `LogFailure` where the service would refuse. */
export interface TableService {
  readonly clock: Clock;
  /** @param staleMs how old an eventual read's answer is */
  get(key: string, sort: number, isStrong: boolean, staleMs?: number): TableItem | undefined;
  query(
    key: string,
    from: number,
    to: number,
    limit: number,
  ): { readonly items: readonly (readonly [sort: number, item: TableItem])[]; readonly more: boolean };
  /**
   * Writes what `change` makes of the item, or nothing when it makes nothing of it: then the condition did not hold, which is
   * billed all the same.
   */
  write(
    key: string,
    sort: number,
    change: (item: TableItem | undefined) => TableItem | undefined,
  ): TableItem | "condition" | "too large";
  /** Told of what was appended to a log, as it was written. */
  appended(records: readonly Uint8Array[], log: string): void;
}

export type TableOperation = keyof TableApi;

/** One call as it is made. */
export interface TableCall {
  readonly operation: TableOperation;
  readonly log: string;
  /** How many records are appended, moved or removed. */
  readonly records?: number;
}

/** What becomes of one call. All fields may be combined; an empty plan is an ordinary answer at once. */
export interface TableCallPlan extends CallFate {
  /** The service acts once more this much later, as when the network repeats a request; nobody is told how that went. */
  readonly actAgainAfterMs?: number;
  /** `getHead` with an eventual read: how old its answer is. */
  readonly staleMs?: number;
  /** `querySegments`: at most so many. */
  readonly pageSegments?: number;
}

export type TableCallPolicy = (call: TableCall) => TableCallPlan | undefined;

const HEAD_SORT = -1;
const HEAD_VERSION = 1;
const PAGE_SEGMENTS = 128;
const MAX_SEGMENT_RECORDS = 100;

export class MemoryTableClient implements TableApi {
  readonly #table: TableService;
  readonly #log: string;
  readonly #policy: TableCallPolicy;
  #pendingCalls = 0;

  constructor(table: TableService, log: string, policy: TableCallPolicy = () => undefined) {
    this.#table = table;
    this.#log = log;
    this.#policy = policy;
  }

  /** Calls that were neither answered nor aborted. Nothing should be, once an invocation has ended. */
  get pendingCalls(): number {
    return this.#pendingCalls;
  }

  getHead(consistency: Consistency, signal: AbortSignal): Promise<Head | UnreadableHead | undefined> {
    return this.#call({ operation: "getHead" }, signal, ({ staleMs }) => {
      const item = this.#table.get(this.#log, HEAD_SORT, consistency === "strong", staleMs);
      return item && toHead(item);
    });
  }

  append(
    records: readonly Uint8Array[],
    incarnation: string,
    signal: AbortSignal,
  ): Promise<Head | UnreadableHead | "full"> {
    return this.#call({ operation: "append", records: records.length }, signal, () => {
      const after = this.#table.write(this.#log, HEAD_SORT, (head) => ({
        ...head,
        records: [...(head?.records ?? []), ...records],
        first: head?.first ?? 0,
        incarnation: head?.incarnation ?? incarnation,
      }));
      if (typeof after === "string") return "full";
      this.#table.appended(records, this.#log);
      return toHead(after);
    });
  }

  querySegments({ incarnation, from, before }: SegmentsQuery, signal: AbortSignal): Promise<SegmentsPage> {
    return this.#call({ operation: "querySegments" }, signal, ({ pageSegments = PAGE_SEGMENTS }) => {
      const { items, more } = this.#table.query(this.#segmentsKey(incarnation), from, before - 1, pageSegments);
      const last = items.at(-1)?.[0] ?? from;
      return {
        segments: items.flatMap(([first, item]) => toSegment(first, item) ?? []),
        next: more && last + 1 < before ? last + 1 : undefined,
      };
    });
  }

  getSegment(incarnation: string, first: number, signal: AbortSignal): Promise<Segment | undefined> {
    return this.#call({ operation: "getSegment" }, signal, () => {
      const item = this.#table.get(this.#segmentsKey(incarnation), first, true);
      return item && toSegment(first, item);
    });
  }

  putSegment(
    incarnation: string,
    { first, records }: Segment,
    expiresAtMs: number,
    signal: AbortSignal,
  ): Promise<"put" | "exists"> {
    return this.#call({ operation: "putSegment", records: records.length }, signal, () => {
      const put = this.#table.write(this.#segmentsKey(incarnation), first, (segment) =>
        segment === undefined ? { records, expiresAtMs } : undefined,
      );
      if (put === "too large") throw new LogFailure("refused", "the item is larger than 400 KB");
      return put === "condition" ? "exists" : "put";
    });
  }

  trim(
    { incarnation, first }: Pick<Head, "incarnation" | "first">,
    count: number,
    signal: AbortSignal,
  ): Promise<Head | UnreadableHead | "changed"> {
    return this.#call({ operation: "trim", records: count }, signal, () => {
      const trimmed = this.#table.write(this.#log, HEAD_SORT, (head) =>
        isOurs(head, incarnation) && head.first === first
          ? { ...head, first: first + count, records: head.records.slice(count) }
          : undefined,
      );
      return typeof trimmed === "string" ? "changed" : toHead(trimmed);
    });
  }

  reset(seen: string, fresh: string, signal: AbortSignal): Promise<"reset" | "changed"> {
    return this.#call({ operation: "reset" }, signal, () => {
      const reset = this.#table.write(this.#log, HEAD_SORT, (head) =>
        isOurs(head, seen) ? { ...head, records: [], first: 0, incarnation: fresh } : undefined,
      );
      return typeof reset === "string" ? "changed" : "reset";
    });
  }

  #segmentsKey(incarnation: string): string {
    return `${this.#log}#${incarnation}`;
  }

  async #call<T>(call: Omit<TableCall, "log">, signal: AbortSignal, act: (plan: TableCallPlan) => T): Promise<T> {
    const plan = this.#policy({ ...call, log: this.#log }) ?? {};
    this.#pendingCalls++;
    try {
      return await plannedCall(this.#table.clock, call.operation, plan, signal, () => {
        const answer = act(plan);
        if (plan.actAgainAfterMs !== undefined) {
          this.#table.clock.after(plan.actAgainAfterMs, () => ignoringFailure(() => act(plan)));
        }
        return answer;
      });
    } finally {
      this.#pendingCalls--;
    }
  }
}

function ignoringFailure(act: () => unknown): void {
  try {
    act();
  } catch {
    // Throttled, or deleted in between: the repeat came to nothing.
  }
}

function isOurs(head: TableItem | undefined, incarnation: string): head is TableItem {
  return head?.incarnation === incarnation && (head.version ?? HEAD_VERSION) === HEAD_VERSION;
}

function toHead({ incarnation, first, records, version = HEAD_VERSION }: TableItem): Head | UnreadableHead {
  if (version !== HEAD_VERSION) return { unreadable: `its version is ${version}` };
  if (!incarnation) return { unreadable: "it has no incarnation (i)" };
  if (first === undefined) return { unreadable: "it does not say where its list begins (b)" };
  return { incarnation, first, records };
}

function toSegment(first: number, { records }: TableItem): Segment | undefined {
  return records.length === 0 || records.length > MAX_SEGMENT_RECORDS ? undefined : { first, records };
}
