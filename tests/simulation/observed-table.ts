/**
 * Stands between one process and its client of the table, and counts the rare paths that can be told from calls and
 * answers. It changes nothing.
 */
import { LogFailure } from "../../src/core/log.js";
import {
  type Consistency,
  type Head,
  isReadable,
  type Segment,
  type SegmentsPage,
  type SegmentsQuery,
  type TableApi,
  type UnreadableHead,
} from "../../src/dynamodb/table-api.js";
import type { MemoryTableClient } from "../../src/testing/memory-table-client.js";
import type { LogClient } from "./log-world.js";
import { ReadingTimes } from "./reading-times.js";
import type { World } from "./world.js";

export class ObservedTable implements TableApi, Omit<LogClient, "log"> {
  readonly #world: World;
  readonly #name: string;
  readonly #inner: MemoryTableClient;
  /** The heads for which this process has put a segment, by their first numbers. */
  readonly #sealed = new Set<number>();
  #pages = 0;
  calls = 0;
  pendingReads = 0;
  readonly times = new ReadingTimes();
  pendingWrites = 0;
  readonly partialFailures = 0;
  placesLost = 0;

  constructor(world: World, name: string, inner: MemoryTableClient) {
    this.#world = world;
    this.#name = name;
    this.#inner = inner;
  }

  get pendingCalls(): number {
    return this.#inner.pendingCalls;
  }

  refreshBegins(): void {
    this.#pages = 0;
  }

  getHead(consistency: Consistency, signal: AbortSignal): Promise<Head | UnreadableHead | undefined> {
    return this.#read(`GetItem (${consistency})`, async () => {
      const head = await this.#inner.getHead(consistency, signal);
      if (head === undefined) this.#world.took("no head yet");
      else if (isReadable(head) && head.records.length > 0) this.#world.took("read on in the head");
      return head;
    });
  }

  querySegments(query: SegmentsQuery, signal: AbortSignal): Promise<SegmentsPage> {
    return this.#read(`Query ${query.from} to ${query.before}`, async () => {
      const page = await this.#inner.querySegments(query, signal);
      this.#pages++;
      if (page.segments.length > 0) this.#world.took("read on in segments");
      else if (page.next === undefined) this.#world.took("a segment is missing");
      if (this.#pages > 1) this.#world.took("segments in more than one page");
      return page;
    });
  }

  getSegment(incarnation: string, first: number, signal: AbortSignal): Promise<Segment | undefined> {
    return this.#write(`GetItem segment ${first}`, () => this.#inner.getSegment(incarnation, first, signal));
  }

  append(
    records: readonly Uint8Array[],
    incarnation: string,
    signal: AbortSignal,
  ): Promise<Head | UnreadableHead | "full"> {
    if (records.length > 1) this.#world.took("several records in one append");
    return this.#write(`append ${records.length}`, () => this.#inner.append(records, incarnation, signal));
  }

  putSegment(
    incarnation: string,
    segment: Segment,
    expiresAtMs: number,
    signal: AbortSignal,
  ): Promise<"put" | "exists"> {
    return this.#write(`PutItem segment ${segment.first}, ${segment.records.length} records`, async () => {
      const put = await this.#inner.putSegment(incarnation, segment, expiresAtMs, signal);
      this.#world.took(put === "put" ? "sealed: segment put" : "sealed: segment was there already");
      this.#sealed.add(segment.first);
      return put;
    });
  }

  trim(
    head: Pick<Head, "incarnation" | "first">,
    count: number,
    signal: AbortSignal,
  ): Promise<Head | UnreadableHead | "changed"> {
    const isSealed = this.#sealed.has(head.first);
    if (!isSealed) this.#world.took("head trimmed without a segment");
    return this.#write(`trim ${count} from ${head.first}`, async () => {
      try {
        const trimmed = await this.#inner.trim(head, count, signal);
        this.#world.took(trimmed === "changed" ? "sealed: head had changed" : "sealed: head trimmed");
        return trimmed;
      } catch (error) {
        if (isSealed) this.#world.took("sealer stopped between its steps");
        throw error;
      }
    });
  }

  reset(seen: string, fresh: string, signal: AbortSignal): Promise<"reset" | "changed"> {
    return this.#write("reset", async () => {
      const reset = await this.#inner.reset(seen, fresh, signal);
      this.#world.took(reset === "reset" ? "log begun anew" : "reset came too late");
      return reset;
    });
  }

  async #read<T>(what: string, call: () => Promise<T>): Promise<T> {
    this.pendingReads++;
    this.times.callBegins(this.#world.nowMs);
    try {
      return await this.#call(what, call);
    } catch (error) {
      if (error instanceof LogFailure && error.kind === "throttled") this.#world.took("throttled read");
      if (error instanceof LogFailure && error.kind === "lost") this.placesLost++;
      throw error;
    } finally {
      this.pendingReads--;
      this.times.callEnds(this.#world.nowMs);
    }
  }

  async #write<T>(what: string, call: () => Promise<T>): Promise<T> {
    this.pendingWrites++;
    try {
      return await this.#call(what, call);
    } finally {
      this.pendingWrites--;
    }
  }

  async #call<T>(what: string, call: () => Promise<T>): Promise<T> {
    this.calls++;
    try {
      const answer = await call();
      this.#world.say(() => `${this.#name}: ${what} -> ${describe(answer)}`);
      return answer;
    } catch (error) {
      this.#world.say(() => `${this.#name}: ${what} -> ${error instanceof Error ? error.message : error}`);
      throw error;
    }
  }
}

function describe(answer: unknown): string {
  if (typeof answer !== "object" || answer === null) return String(answer);
  const { incarnation, first, records, segments } = answer as Partial<Head & SegmentsPage>;
  if (segments !== undefined) return segments.map((one) => `${one.first}+${one.records.length}`).join(" ");
  if (records === undefined) return JSON.stringify(answer);
  const texts = records.map((data) => new TextDecoder().decode(data.subarray(0, 120)));
  return `${incarnation?.slice(0, 4)} ${first}: ${texts.join(" ")}`;
}
