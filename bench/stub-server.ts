/**
 * The stub's own process: answers the four calls of Kinesis, and DynamoDB's GetItem, after a fixed delay over HTTP/1.1 and does
 * nothing else.
 * It stands on bare sockets because an HTTP framework's work per request would be measured with the client's. A stream
 * or table named `stub-<shards>-<delay in ms>` has that many shards and that delay; iterators carry the name on, so the server
 * keeps no state but its counters. It ends itself when its parent goes away.
 */

import { createServer, type Socket } from "node:net";

export interface StubStats {
  readonly calls: Readonly<Record<string, number>>;
  readonly maxInFlight: number;
  /** Records in each PutRecords call, in order of arrival. */
  readonly recordsPut: readonly number[];
  /** Bytes of each PutRecords request's body. */
  readonly bytesPut: readonly number[];
}

const HEAD_END = Buffer.from("\r\n\r\n");
const PARTITION_KEY = Buffer.from('"PartitionKey"');
/** The head of a log that nothing was written to since it was begun. */
const EMPTY_HEAD = '{"Item":{"pk":{"S":"invalidations"},"sk":{"N":"-1"},"i":{"S":"stub"},"b":{"N":"0"},"r":{"L":[]}}}';
const STREAM = /stub-(\d+)-(\d+)/;

let stats = emptyStats();
let inFlight = 0;

function emptyStats() {
  return { calls: {} as Record<string, number>, maxInFlight: 0, recordsPut: [] as number[], bytesPut: [] as number[] };
}

/** Takes whole requests off one connection. */
function serve(socket: Socket): void {
  let chunks: Buffer[] = [];
  let held = 0;
  let needed = 0;
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    held += chunk.length;
    while (held > 0 && held >= needed) {
      const data = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, held);
      const headEnd = data.indexOf(HEAD_END);
      needed = headEnd < 0 ? held + 1 : headEnd + HEAD_END.length + contentLength(data.toString("latin1", 0, headEnd));
      chunks = [data];
      if (held < needed) return;
      const head = data.toString("latin1", 0, headEnd);
      answer(socket, head, data.subarray(headEnd + HEAD_END.length, needed));
      chunks = [data.subarray(needed)];
      held -= needed;
      needed = 0;
    }
  });
}

function contentLength(head: string): number {
  return Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
}

function answer(socket: Socket, head: string, body: Buffer): void {
  const operation = /\r\nx-amz-target: *(?:Kinesis|DynamoDB)_\d+\.(\w+)/i.exec(head)?.[1] ?? "";
  const named = body.indexOf("stub-");
  const stream = STREAM.exec(body.toString("latin1", Math.max(named, 0), named + 40));
  const shards = Number(stream?.[1] ?? 1);
  const delayMs = Number(stream?.[2] ?? 0);
  inFlight += 1;
  stats.maxInFlight = Math.max(stats.maxInFlight, inFlight);
  stats.calls[operation] = (stats.calls[operation] ?? 0) + 1;
  const text = reply(operation, stream?.[0] ?? "stub-1-0", shards, body);
  setTimeout(() => {
    inFlight -= 1;
    if (socket.destroyed) return;
    socket.write(
      `HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ndate: ${new Date().toUTCString()}\r\n` +
        `x-amzn-requestid: 0\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
    );
  }, delayMs);
}

function reply(operation: string, stream: string, shards: number, body: Buffer): string {
  if (operation === "GetRecords") {
    return `{"Records":[],"NextShardIterator":"${stream}/next","MillisBehindLatest":0}`;
  }
  if (operation === "GetShardIterator") return `{"ShardIterator":"${stream}/first"}`;
  if (operation === "GetItem") return EMPTY_HEAD;
  if (operation === "ListShards") return JSON.stringify({ Shards: listShards(shards) });
  const count = countRecords(body);
  stats.recordsPut.push(count);
  stats.bytesPut.push(body.length);
  const outcome = { SequenceNumber: "1", ShardId: "shardId-000000000000" };
  return JSON.stringify({ FailedRecordCount: 0, Records: Array.from({ length: count }, () => outcome) });
}

function listShards(count: number): unknown[] {
  return Array.from({ length: count }, (_, index) => ({
    ShardId: `shardId-${String(index).padStart(12, "0")}`,
    HashKeyRange: { StartingHashKey: "0", EndingHashKey: "1" },
    SequenceNumberRange: { StartingSequenceNumber: "1" },
  }));
}

function countRecords(body: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(PARTITION_KEY); at >= 0; at = body.indexOf(PARTITION_KEY, at + 1)) count += 1;
  return count;
}

const server = createServer(serve);
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({ port: typeof address === "object" ? address?.port : undefined });
});
process.on("message", (message) => {
  if (message === "stats") process.send?.({ stats });
  if (message === "reset") {
    stats = emptyStats();
    process.send?.({ reset: true });
  }
});
process.on("disconnect", () => process.exit(0));
