/**
 * A one-shard stream in this process whose pages are made beforehand: for measuring what is done with records without
 * a network or a decoder of HTTP in the figures. Each answer takes one turn of the event loop, as a socket's would.
 */

import type { PutOutcome, RecordsPage, RecordToPut, StreamApi, StreamRecord } from "../src/kinesis/stream-api.js";

/** What Kinesis puts into one page at most. */
const PAGE_RECORDS = 10_000;
const PAGE_BYTES = 10 * 1024 * 1024;

export class PageStream implements StreamApi {
  #pages: (readonly StreamRecord[])[] = [];
  /** Pages dropped from the front; iterators count from the beginning. */
  #dropped = 0;
  readCalls = 0;

  /** Appends records behind everything already there, cut into pages as Kinesis would. */
  append(records: readonly StreamRecord[]): void {
    let page: StreamRecord[] = [];
    let bytes = 0;
    for (const record of records) {
      if (page.length === PAGE_RECORDS || bytes + record.data.length > PAGE_BYTES) {
        this.#pages.push(page);
        page = [];
        bytes = 0;
      }
      page.push(record);
      bytes += record.data.length;
    }
    if (page.length > 0) this.#pages.push(page);
  }

  /** Forgets pages already read, so that the stream itself does not grow. */
  trim(): void {
    this.#dropped += this.#pages.length;
    this.#pages = [];
  }

  async listShards() {
    await turn();
    return { shards: [{ shardId: "shardId-000000000000", parentShardIds: [] }] };
  }

  async getShardIterator(): Promise<string> {
    await turn();
    return String(this.#dropped);
  }

  async getRecords(iterator: string): Promise<RecordsPage> {
    await turn();
    this.readCalls += 1;
    const at = Number(iterator) - this.#dropped;
    const records = this.#pages[at] ?? [];
    const left = Math.max(0, this.#pages.length - at - 1);
    const nextIterator = String(this.#dropped + Math.min(at + 1, this.#pages.length));
    return { records, nextIterator, childShardIds: [], millisBehindLatest: left };
  }

  async putRecords(records: readonly RecordToPut[]): Promise<readonly PutOutcome[]> {
    await turn();
    return records.map(() => ({ written: true, shardId: "shardId-000000000000", sequenceNumber: "1" }));
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
