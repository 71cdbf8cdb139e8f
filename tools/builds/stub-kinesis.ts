/**
 * A Kinesis over plain HTTP that costs nothing and hides nothing: one stream of any name in memory, the four calls, every
 * signature and date checked as AWS checks them, and connections that die as a network lets them die. It is there to show
 * what a client does on the wire; for what Kinesis does there is the embedded one.
 */
import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface StubRequest {
  readonly operation: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  /** One number for each connection, in the order they were made. */
  readonly connection: number;
}

/** How a connection is dead: the next thing sent over it is answered with a reset, or never. */
export type Death = "reset" | "swallow";

export interface StubKinesis {
  readonly endpoint: string;
  /** What was understood, in order of arrival. */
  readonly requests: readonly StubRequest[];
  /** How many connections were ever made. */
  readonly connections: number;
  /** Every connection there is dies; those made later live. */
  kill(death: Death): void;
  /** How far the stub's clock is ahead. Beyond five minutes it refuses what is signed by the true time. */
  setClock(aheadMs: number): void;
  /** Answers nothing for this long, beginning with the next request. */
  delay(ms: number): void;
  stop(): Promise<void>;
}

export interface StubOptions {
  readonly shards?: number;
  readonly secret?: string;
}

const TOLERANCE_MS = 300_000;

export async function startStubKinesis({ shards = 1, secret = "secret" }: StubOptions = {}): Promise<StubKinesis> {
  const stream = createStream(shards);
  const requests: StubRequest[] = [];
  const numbers = new Map<Socket, number>();
  const dead = new Map<Socket, Death>();
  let aheadMs = 0;
  let delayMs = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const death = dead.get(request.socket);
    if (death === "reset") request.socket.resetAndDestroy();
    if (death) return;
    const operation = String(request.headers["x-amz-target"]).replace("Kinesis_20131202.", "");
    requests.push({ operation, headers: request.headers, body, connection: numbers.get(request.socket) ?? 0 });
    const nowMs = Date.now() + aheadMs;
    const refusal = refusalOf(request, body, secret, nowMs);
    const [status, answer] = refusal ? [400, refusal] : [200, stream(operation, JSON.parse(body))];
    if (delayMs > 0) await sleep(delayMs, undefined, { ref: false });
    const headers = {
      "content-type": "application/x-amz-json-1.1",
      date: new Date(nowMs).toUTCString(),
      "x-amzn-requestid": "r-1",
    };
    response.writeHead(status, headers).end(JSON.stringify(answer));
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  server.keepAliveTimeout = 0;
  server.on("connection", (socket) => {
    numbers.set(socket, numbers.size + 1);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get connections() {
      return numbers.size;
    },
    kill(death) {
      for (const socket of numbers.keys()) dead.set(socket, death);
    },
    setClock(ms) {
      aheadMs = ms;
    },
    delay(ms) {
      delayMs = ms;
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of numbers.keys()) socket.destroy();
      await closed;
    },
  };
}

interface Input {
  readonly ShardId?: string;
  readonly ShardIterator?: string;
  readonly ShardIteratorType?: string;
  readonly Timestamp?: number;
  readonly Records?: readonly { readonly Data: string; readonly PartitionKey: string }[];
}

interface Stored {
  readonly data: string;
  readonly atMs: number;
}

/** What the service would answer. An iterator is the shard's number and the index of the next record. */
function createStream(shards: number): (operation: string, input: Input) => object {
  const records: Stored[][] = Array.from({ length: shards }, () => []);
  const idOf = (shard: number) => `shardId-${String(shard).padStart(12, "0")}`;
  let puts = 0;
  return (operation, input) => {
    switch (operation) {
      case "ListShards":
        return { Shards: records.map((_, shard) => ({ ShardId: idOf(shard) })) };
      case "GetShardIterator": {
        const shard = Number(input.ShardId?.slice("shardId-".length));
        const sinceMs = input.ShardIteratorType === "AT_TIMESTAMP" ? (input.Timestamp ?? 0) * 1_000 : 0;
        const index = (records[shard] ?? []).findIndex(({ atMs }) => atMs >= sinceMs);
        return { ShardIterator: `${shard}/${index < 0 ? records[shard]?.length : index}` };
      }
      case "GetRecords": {
        const [shard = 0, index = 0] = (input.ShardIterator ?? "").split("/").map(Number);
        const page = (records[shard] ?? []).slice(index);
        const Records = page.map(({ data, atMs }) => ({ Data: data, ApproximateArrivalTimestamp: atMs / 1_000 }));
        return { Records, NextShardIterator: `${shard}/${index + page.length}`, MillisBehindLatest: 0 };
      }
      default: {
        const Records = (input.Records ?? []).map(({ Data }) => {
          const shard = puts++ % shards;
          records[shard]?.push({ data: Data, atMs: Date.now() });
          return { ShardId: idOf(shard), SequenceNumber: String(puts) };
        });
        return { FailedRecordCount: 0, Records };
      }
    }
  };
}

/** By the documentation of signature version 4, without a look at what made the signature. */
function refusalOf(request: IncomingMessage, body: string, secret: string, nowMs: number): object | undefined {
  const refused = (message: string) => ({ __type: "com.amazon.coral.service#InvalidSignatureException", message });
  const { headers } = request;
  const authorization = /^AWS4-HMAC-SHA256 Credential=[^/]+\/(.+), ?SignedHeaders=(.+), ?Signature=([0-9a-f]{64})$/;
  const [, scope = "", signedHeaders = "", signature] = authorization.exec(headers.authorization ?? "") ?? [];
  const time = String(headers["x-amz-date"]);
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time) ?? [];
  const [, year, month, day, hour, minute, second] = parts;
  const signedAtMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (!(Math.abs(nowMs - signedAtMs) <= TOLERANCE_MS)) return refused(`Signature expired: ${time}`);
  const names = signedHeaders.split(";");
  // What would let a request be changed on its way must have been signed.
  const mustBeSigned = [
    "host",
    "x-amz-date",
    "x-amz-target",
    ...(headers["x-amz-security-token"] ? ["x-amz-security-token"] : []),
  ];
  if (!mustBeSigned.every((name) => names.includes(name))) return refused("not all that matters is signed");
  const lines = names.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, " ")}`);
  const canonical = [request.method, "/", "", ...lines, "", signedHeaders, sha256(body)].join("\n");
  const text = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const key = scope.split("/").reduce<string | Buffer>((bytes, part) => hmac(bytes, part), `AWS4${secret}`);
  return hmac(key, text).toString("hex") === signature
    ? undefined
    : refused("The request signature we calculated does not match");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
