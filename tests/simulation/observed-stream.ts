/**
 * Stands between one environment and its client of the stream, and counts the rare paths that can be told from calls and
 * answers. It changes nothing.
 */

import type { GetRecordsOutput } from "@aws-sdk/client-kinesis";
import { type InvalidationLog, LogFailure, type LogReader } from "../../src/core/log.js";
import { pageOf, shardsOf } from "../../src/kinesis/answers.js";
import type {
  ListShardsRequest,
  PutOutcome,
  RecordsPage,
  RecordToPut,
  ShardsPage,
  StreamApi,
} from "../../src/kinesis/stream-api.js";
import type { MemoryClient } from "../../src/testing/memory-client.js";
import type { MemoryStream } from "../../src/testing/memory-stream.js";
import type { Dice } from "./dice.js";
import type { LogClient } from "./log-world.js";
import { ReadingTimes } from "./reading-times.js";
import type { World } from "./world.js";

const PAGE_BOUND = 100;

export class ObservedStream implements StreamApi, Omit<LogClient, "log"> {
  readonly #world: World;
  readonly #stream: MemoryStream;
  readonly #name: string;
  readonly #inner: MemoryClient;
  readonly #dice: Dice;
  /** Shards read before, by whatever iterator. */
  readonly #known = new Set<string>();
  readonly #expired = new Set<string>();
  readonly #reading = new Map<string, Set<AbortSignal>>();
  /** Since the refresh began. */
  readonly #pages = new Map<string, number>();
  readonly #children = new Set<string>();
  readonly #unanswered = new Set<string>();
  /** Calls of ListShards under way. */
  #listing = 0;
  #reader: LogReader | undefined;
  calls = 0;
  pendingReads = 0;
  readonly times = new ReadingTimes();
  pendingWrites = 0;
  partialFailures = 0;
  placesLost = 0;

  constructor(world: World, stream: MemoryStream, name: string, inner: MemoryClient) {
    this.#stream = stream;
    this.#dice = world.dice.fork();
    this.#world = world;
    this.#name = name;
    this.#inner = inner;
  }

  /** The log with its reader in sight: whether that has a place cannot be told from calls. */
  watched(log: InvalidationLog): InvalidationLog {
    return {
      ...log,
      open: () => {
        this.#reader = log.open();
        return this.#reader;
      },
    };
  }

  get pendingCalls(): number {
    return this.#inner.pendingCalls;
  }

  refreshBegins(): void {
    this.#pages.clear();
    this.#children.clear();
    this.#unanswered.clear();
  }

  listShards(request: ListShardsRequest, signal: AbortSignal): Promise<ShardsPage> {
    this.#listing++;
    return this.#read("ListShards", async () => {
      const page = this.#bareList(await this.#inner.listShards(request, signal));
      if (request.fromTimestampMs !== undefined) this.#world.took("first refresh from a fence");
      if (request.nextToken !== undefined) this.#world.took("listing with a second page");
      return page;
    }).finally(() => this.#listing--);
  }

  getShardIterator(shardId: string, fromMs: number | undefined, signal: AbortSignal): Promise<string> {
    if (this.#listing > 0 && this.#reader?.lanes === 0) this.#world.took("iterator taken beside the listing");
    return this.#read(
      `GetShardIterator ${shardId} ${fromMs === undefined ? "trim-horizon" : "timestamp"}`,
      async () => {
        const iterator = await this.#inner.getShardIterator(shardId, fromMs, signal);
        this.#countStart(shardId, fromMs);
        return iterator;
      },
    );
  }

  getRecords(iterator: string, limit: number | undefined, signal: AbortSignal): Promise<RecordsPage> {
    const shardId = iterator.split("/")[1] ?? "";
    this.#begins(shardId, signal);
    return this.#read(`GetRecords ${shardId}`, async () => {
      try {
        const page = this.#bare(await this.#inner.getRecords(iterator, limit, signal));
        this.#countPage(shardId, page);
        if (this.#unanswered.has(iterator)) this.#world.took("read retried after a lost answer");
        return page;
      } catch (error) {
        if (error instanceof LogFailure) this.#countFailure(shardId, error);
        if (error instanceof LogFailure && error.kind === "unavailable") this.#unanswered.add(iterator);
        throw error;
      } finally {
        this.#reading.get(shardId)?.delete(signal);
      }
    });
  }

  /** Now and then an answer loses fields on its way; the adapter to AWS has to make of it what it can. */
  #bare(page: RecordsPage): RecordsPage {
    if (!this.#losesFields()) return page;
    const keeps = () => this.#dice.chance(0.3);
    return {
      ...pageOf({
        ...(keeps() ? { Records: page.records.map(({ data }) => ({ Data: data })) } : {}),
        ...(keeps() && page.nextIterator !== undefined ? { NextShardIterator: page.nextIterator } : {}),
        ...(keeps() ? { MillisBehindLatest: page.millisBehindLatest } : {}),
      } as Partial<GetRecordsOutput>),
      serverTimeMs: page.serverTimeMs,
    };
  }

  #bareList(page: ShardsPage): ShardsPage {
    return this.#losesFields() ? { ...shardsOf({}), serverTimeMs: page.serverTimeMs } : page;
  }

  #losesFields(): boolean {
    const lost = this.#dice.chance(this.#world.climate.bareRate);
    if (lost) this.#world.took("answer without fields");
    return lost;
  }

  /** One refresh at a time, and in it one call to a shard at a time, asked again beside the first when that is slow. */
  #begins(shardId: string, signal: AbortSignal): void {
    const reading = this.#reading.get(shardId) ?? new Set();
    const underWay = [...reading].filter((other) => !other.aborted).length;
    if (underWay > 1) this.#world.violate(`${this.#name} reads ${shardId} more than twice at once`);
    this.#reading.set(shardId, reading.add(signal));
  }

  async putRecords(records: readonly RecordToPut[], signal: AbortSignal): Promise<readonly PutOutcome[]> {
    this.calls++;
    this.pendingWrites++;
    try {
      const outcomes = await this.#inner.putRecords(records, signal);
      const failed = outcomes.filter(({ written }) => !written).length;
      if (failed > 0) this.partialFailures++;
      this.#world.say(() => `${this.#name}: PutRecords (${records.length}) -> ${failed} failed`);
      return outcomes;
    } catch (error) {
      this.#world.say(() => `${this.#name}: PutRecords -> ${error instanceof Error ? error.message : error}`);
      throw error;
    } finally {
      this.pendingWrites--;
    }
  }

  async #read<T>(what: string, call: () => Promise<T>): Promise<T> {
    this.calls++;
    this.pendingReads++;
    this.times.callBegins(this.#world.nowMs);
    try {
      const answer = await call();
      this.#world.say(() => `${this.#name}: ${what} -> ${describe(answer)}`);
      return answer;
    } catch (error) {
      if (error instanceof LogFailure && error.kind === "lost") this.placesLost++;
      this.#world.say(() => `${this.#name}: ${what} -> ${error instanceof Error ? error.message : error}`);
      throw error;
    } finally {
      this.pendingReads--;
      this.times.callEnds(this.#world.nowMs);
    }
  }

  #countStart(shardId: string, fromMs: number | undefined): void {
    const world = this.#world;
    const parents = this.#stream.shards().find(({ id }) => id === shardId)?.parentIds ?? [];
    if (fromMs === undefined) {
      if (parents.length === 1) world.took("child of a split");
      if (parents.length === 2) world.took("child of a merge");
      if (parents.some((parent) => this.#children.has(parent))) world.took("grandchild within one refresh");
      this.#children.add(shardId);
    } else if (!this.#known.has(shardId)) {
      if (!this.#stream.openShardIds().includes(shardId)) world.took("first refresh finds a closed shard");
    } else if (!this.#expired.has(shardId)) {
      world.took("old iterator taken anew");
    }
    this.#expired.delete(shardId);
    this.#known.add(shardId);
  }

  #countPage(shardId: string, page: RecordsPage): void {
    const pages = (this.#pages.get(shardId) ?? 0) + 1;
    this.#pages.set(shardId, pages);
    if (pages > 1) this.#world.took("more than one page");
    if (pages === PAGE_BOUND && page.millisBehindLatest > 0) this.#world.took("page bound hit");
    if (page.records.length === 0 && page.millisBehindLatest > 0) this.#world.took("empty page with lag");
  }

  #countFailure(shardId: string, failure: LogFailure): void {
    if (failure.kind === "throttled") this.#world.took("throttled read");
    if (failure.kind !== "expired") return;
    this.#world.took("expired iterator");
    this.#expired.add(shardId);
  }
}

function describe(answer: unknown): string {
  if (typeof answer === "string") return answer;
  const page = answer as Partial<RecordsPage & ShardsPage>;
  if (page.shards !== undefined) return page.shards.map(({ shardId }) => shardId.slice(-3)).join(" ");
  const texts = (page.records ?? []).map(({ data }) => new TextDecoder().decode(data.subarray(0, 120)));
  const end = page.nextIterator === undefined ? `end, goes on in ${page.childShardIds?.join(" ")}` : "";
  return `${texts.join(" ")} (${page.millisBehindLatest} ms behind) ${end}`;
}
