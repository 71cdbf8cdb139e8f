/**
 * The embedded Kinesis: kinesis-local in a worker thread of this process, over plain HTTP/1.1 on loopback.
 * It exists so that demo, tests and tools need neither a cloud nor a container. It shows what Kinesis answers, never how
 * fast: latency, throttling and faults are added by the proxy in front of it.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Where an emulated service is, and as whom to speak to it: what an SDK client needs. */
export interface Emulator {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
}

export interface RunningEmulator extends Emulator {
  stop(): Promise<void>;
}

export interface RunningKinesis extends RunningEmulator {
  /** Moves the service's clock, all at once: iterators expire and times in records follow. Never back. */
  moveClock(offsetMs: number): Promise<void>;
}

export const REGION = "us-east-1";
export const LOOPBACK = "127.0.0.1";

// Node.js 20 is fine here; without this, the AWS SDK says in every process that it soon will not be.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

const PLAIN_PORT_NAME = "4568";
const TLS_PORT_NAME = "4567";
/** How long streams stay CREATING, UPDATING and so on; long enough to be seen, short enough for tests. */
const STATUS_CHANGE = "50ms";
const STATUS_CHANGES = ["CREATE_STREAM", "DELETE_STREAM", "SPLIT_SHARD", "MERGE_SHARDS", "UPDATE_SHARD_COUNT"];

/** Credentials of an account of its own: streams of one account are not seen by another (parallel tests, one emulator). */
export function newAccount(): Credentials {
  const digits = Array.from(
    { length: 12 },
    (_, index) => Math.floor(Math.random() * (index === 0 ? 9 : 10)) + (index === 0 ? 1 : 0),
  );
  return { accessKeyId: digits.join(""), secretAccessKey: "local" };
}

/** Where a service that listens on `host` can be called from this machine. */
export function endpointAt(host: string, port: number): string {
  return `http://${host === "0.0.0.0" ? LOOPBACK : host}:${port}`;
}

/** Starts a Kinesis with no stream in it. Without a port, any free one; without a host, loopback. */
export async function startKinesis(
  options: { readonly port?: number; readonly host?: string } = {},
): Promise<RunningKinesis> {
  const { host = LOOPBACK } = options;
  const program = createRequire(import.meta.url).resolve("kinesis-local");
  const worker = new Worker(new URL("./kinesis-worker.cjs", import.meta.url), {
    workerData: { PLAIN_PORT_NAME, port: options.port ?? 0, host },
    // Not what this process was started with: a TypeScript loader would work through its quarter of a million lines.
    execArgv: [],
    env: {
      // Without it the program looks for its certificate in the working directory, and exits.
      KINESIS_MOCK_CERT_PATH: join(dirname(program), "server.json"),
      KINESIS_MOCK_PLAIN_PORT: PLAIN_PORT_NAME,
      KINESIS_MOCK_TLS_PORT: TLS_PORT_NAME,
      LOG_LEVEL: "ERROR",
      // Its Scala runtime would record where each of its steps was made, and complain when the clock is moved.
      CATS_EFFECT_TRACING_MODE: "none",
      CATS_EFFECT_CPU_STARVATION_CHECK_INITIAL_DELAY: "365 days",
      SHARD_LIMIT: "1000",
      AWS_REGION: REGION,
      ...Object.fromEntries(STATUS_CHANGES.map((change) => [`${change}_DURATION`, STATUS_CHANGE])),
    },
  });
  const port = await listening(worker);
  return {
    endpoint: endpointAt(host, port),
    region: REGION,
    credentials: { accessKeyId: "000000000000", secretAccessKey: "local" },
    moveClock: (offsetMs) =>
      new Promise((resolve) => {
        worker.once("message", () => resolve());
        worker.postMessage({ clockOffsetMs: offsetMs });
      }),
    async stop() {
      await worker.terminate();
    },
  };
}

function listening(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once("message", ({ port, problem }: { readonly port?: number; readonly problem?: string }) =>
      port === undefined ? reject(new Error(problem)) : resolve(port),
    );
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`the embedded Kinesis ended with code ${code} before it listened`)));
  });
}

/** A client for an emulator or a proxy before it. HTTP/1.1: the SDK's default, HTTP/2, breaks on plain endpoints. */
export function kinesisClient(emulator: Emulator, options: { readonly maxAttempts?: number } = {}): KinesisClient {
  const { endpoint, region, credentials } = emulator;
  return new KinesisClient({
    endpoint,
    region,
    credentials,
    maxAttempts: options.maxAttempts ?? 3,
    requestHandler: new NodeHttpHandler({ httpAgent: { keepAlive: true, maxSockets: 512 } }),
  });
}
