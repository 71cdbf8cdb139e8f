/**
 * A Kinesis that costs its delay and nothing else, for measuring what a cache adds to the network.
 * It runs in its own process, so that its work is not done on the event loop being measured, and only binds 127.0.0.1.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Agent } from "node:http";
import { fileURLToPath } from "node:url";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { StubStats } from "./stub-server.js";

export interface StubKinesis {
  readonly endpoint: string;
  stats(): Promise<StubStats>;
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** The name of a stub stream or table: the server reads shards and delay from it. */
export function stubStream(shards: number, delayMs: number): string {
  return `stub-${shards}-${delayMs}`;
}

/** Starts the stub and points the SDK's own settings at it, so that a client nobody configured reaches it too. */
export async function startStubKinesis(): Promise<StubKinesis> {
  const child = fork(fileURLToPath(new URL("./stub-server.mjs", import.meta.url)), { execArgv: [] });
  const { port } = (await reply(child)) as { port: number };
  const endpoint = `http://127.0.0.1:${port}`;
  process.env.AWS_ENDPOINT_URL_KINESIS = endpoint;
  process.env.AWS_ENDPOINT_URL_DYNAMODB = endpoint;
  process.env.AWS_REGION = "eu-west-1";
  process.env.AWS_ACCESS_KEY_ID = "stub";
  process.env.AWS_SECRET_ACCESS_KEY = "stub";
  return {
    endpoint,
    async stats() {
      child.send("stats");
      return ((await reply(child)) as { stats: StubStats }).stats;
    },
    async reset() {
      child.send("reset");
      await reply(child);
    },
    async stop() {
      const gone = once(child, "exit");
      child.disconnect();
      await gone;
    },
  };
}

async function reply(child: ChildProcess): Promise<unknown> {
  const [message] = await once(child, "message");
  return message;
}

/** The SDK as fast as it goes against one endpoint: HTTP/1.1, connections kept, as many at once as are asked for. */
export function bareClient(endpoint: string): KinesisClient {
  return new KinesisClient({
    endpoint,
    region: "eu-west-1",
    credentials: { accessKeyId: "stub", secretAccessKey: "stub" },
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true, maxSockets: 1024 }) }),
  });
}
