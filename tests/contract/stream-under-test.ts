/** What the contract suite needs of a service, and the few steps all its tests are made of. */
import { LogFailure } from "../../src/core/log.js";
import type { RecordsPage, StreamApi } from "../../src/kinesis/stream-api.js";

/** One stream of its own, and what a test must be able to do to it besides the four calls. */
export interface StreamUnderTest {
  readonly api: StreamApi;
  /** The same service, a stream that is not there. */
  readonly missing: StreamApi;
  nowMs(): number;
  /** Lets time pass for the service. */
  pass(ms: number): Promise<void>;
  split(shardId: string): Promise<void>;
  merge(shardId: string, otherShardId: string): Promise<void>;
  /** Deletes the stream and creates it again under the same name. */
  recreate(): Promise<void>;
  /** The same iterator as it is when the service handed it out more than five minutes ago. */
  expire(iterator: string): Promise<string>;
}

export interface StreamService {
  start(): Promise<void>;
  stop(): Promise<void>;
  createStream(shards: number): Promise<StreamUnderTest>;
}

export const never = new AbortController().signal;
export const encode = (text: string) => new TextEncoder().encode(text);
export const decode = (page: RecordsPage) => page.records.map(({ data }) => new TextDecoder().decode(data));

/** Puts the texts one after another, so that they have an order. */
export async function put(stream: StreamUnderTest, ...texts: string[]): Promise<string[]> {
  const shardIds: string[] = [];
  for (const text of texts) {
    const [outcome] = await stream.api.putRecords([{ data: encode(text), partitionKey: text }], never);
    if (!outcome?.written) throw new Error(`not written: ${outcome?.reason}`);
    shardIds.push(outcome.shardId);
  }
  return shardIds;
}

export async function shardIds(stream: StreamUnderTest, fromTimestampMs?: number): Promise<string[]> {
  const request = fromTimestampMs === undefined ? {} : { fromTimestampMs };
  return (await stream.api.listShards(request, never)).shards.map(({ shardId }) => shardId);
}

export async function onlyShard(stream: StreamUnderTest): Promise<string> {
  const [shardId] = await shardIds(stream);
  if (shardId === undefined) throw new Error("no shard");
  return shardId;
}

export async function readFrom(stream: StreamUnderTest, shardId: string): Promise<RecordsPage> {
  return stream.api.getRecords(await stream.api.getShardIterator(shardId, undefined, never), undefined, never);
}

export function next(page: RecordsPage): string {
  if (page.nextIterator === undefined) throw new Error("the shard has ended");
  return page.nextIterator;
}

export async function failureOf(promise: Promise<unknown>): Promise<LogFailure> {
  const error = await promise.then(
    () => new Error("resolved"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof LogFailure)) throw error;
  return error;
}
