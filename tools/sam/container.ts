/**
 * One container of the stand-in for a container engine: what it was created with, and, once started, the function in a
 * process of our own runner behind the address at which Lambda's runtime interface emulator would answer.
 * It takes everything from what it was created with, and nothing from this machine. What it is not: a file system, a
 * processor architecture, a Node.js of its own; the image it was created from is a name to it.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { LambdaEnvironment } from "../lambda/environment.js";
import type { ContainerNetwork, InvocationOutcome } from "../lambda/invocation.js";

/** The body of a request to create a container, as far as it matters here. */
export interface ContainerConfig {
  readonly Image: string;
  readonly Env?: readonly string[] | null;
  readonly HostConfig?: {
    readonly Binds?: readonly string[] | null;
    readonly ExtraHosts?: readonly string[] | null;
    readonly Memory?: number;
    readonly NetworkMode?: string;
    readonly PortBindings?: Readonly<Record<string, readonly { HostIp?: string; HostPort: string }[] | null>> | null;
  };
}

/** What a container of this machine's engine can reach, before it is told more. */
export interface HostNetwork extends ContainerNetwork {
  /** What `host-gateway` stands for in the names a container is created with. */
  readonly hostGateway: string;
}

const TASK_ROOT = "/var/task";
const EMULATOR_PORT = "8080/tcp";
const EMULATOR_PATH = "/2015-03-31/functions/function/invocations";
/** What the emulator takes where it is told nothing. */
const EMULATOR_TIMEOUT_SECONDS = 300;
const STANDARD_OUTPUT = 1;
const MEBIBYTE = 1024 * 1024;

export class Container {
  readonly id = randomBytes(32).toString("hex");
  readonly config: ContainerConfig;
  readonly #network: ContainerNetwork;
  readonly #emulator = createServer((request, response) => void this.#serve(request, response));
  readonly #readers = new Set<Duplex>();
  readonly #output: Buffer[] = [];
  #taskRoot: string | undefined;
  #environment: LambdaEnvironment | undefined;
  #status: "created" | "running" | "exited" = "created";
  #stopping: Promise<void> | undefined;

  constructor(config: ContainerConfig, host: HostNetwork) {
    this.config = config;
    const added = (config.HostConfig?.ExtraHosts ?? []).map((line) => {
      const [name, address] = splitAtFirst(line, ":");
      return [name, address === "host-gateway" ? host.hostGateway : address];
    });
    const { gateway, gatewayIs } = host;
    this.#network = { gateway, gatewayIs, names: { ...host.names, ...Object.fromEntries(added) } };
  }

  /** As Docker's API describes a container, as far as anyone asks. */
  get description(): object {
    const { HostConfig, ...config } = this.config;
    return {
      Id: this.id,
      Name: `/${this.id.slice(0, 12)}`,
      Image: this.config.Image,
      State: { Status: this.#status, Running: this.#status === "running" },
      Config: { ...config, Tty: false },
      HostConfig,
      NetworkSettings: { Ports: HostConfig?.PortBindings ?? {} },
    };
  }

  async start(): Promise<void> {
    const { HostConfig } = this.config;
    const env = this.#variables();
    const handler = env.AWS_LAMBDA_FUNCTION_HANDLER;
    if (handler === undefined) throw new Error("no AWS_LAMBDA_FUNCTION_HANDLER says what to run");
    const [published] = HostConfig?.PortBindings?.[EMULATOR_PORT] ?? [];
    if (published === undefined) throw new Error(`port ${EMULATOR_PORT} is not published`);
    await this.#listen(Number(published.HostPort), published.HostIp ?? "127.0.0.1");
    const taskRoot = this.#mountTask();
    this.#environment = await LambdaEnvironment.create({
      taskRoot,
      handler,
      env,
      container: this.#network,
      timeoutMs: Number(env.AWS_LAMBDA_FUNCTION_TIMEOUT ?? EMULATOR_TIMEOUT_SECONDS) * 1_000,
      ...(HostConfig?.Memory ? { memoryMb: HostConfig.Memory / MEBIBYTE } : {}),
      freeze: false,
      onLine: (line) => this.#print(line),
    });
    this.#status = "running";
  }

  /** Sends what the container has printed and will print, framed as Docker frames it, until it ends. */
  attach(reader: Duplex): void {
    reader.on("error", () => {});
    reader.on("close", () => this.#readers.delete(reader));
    for (const frame of this.#output) reader.write(frame);
    if (this.#status === "exited") reader.end();
    else this.#readers.add(reader);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async #end(): Promise<void> {
    this.#status = "exited";
    if (this.#emulator.listening) {
      this.#emulator.closeAllConnections();
      this.#emulator.close();
    }
    await this.#environment?.stop();
    if (this.#taskRoot !== undefined) rmSync(this.#taskRoot, { recursive: true, force: true });
    for (const reader of this.#readers) reader.end();
  }

  #variables(): Record<string, string> {
    return Object.fromEntries((this.config.Env ?? []).map((line) => splitAtFirst(line, "=")));
  }

  /** A copy, since in the container there is nothing around it; and it is mounted for reading only. */
  #mountTask(): string {
    const binds = (this.config.HostConfig?.Binds ?? []).map((bind) => bind.split(":"));
    const [folder] = binds.find(([, inside]) => inside === TASK_ROOT) ?? [];
    if (folder === undefined) throw new Error(`nothing is mounted at ${TASK_ROOT}`);
    this.#taskRoot = mkdtempSync(join(tmpdir(), `scache-container-${this.id.slice(0, 12)}-`));
    cpSync(folder, this.#taskRoot, { recursive: true });
    return this.#taskRoot;
  }

  async #listen(port: number, host: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#emulator.once("error", (error) => reject(new Error(`Ports are not available: ${error.message}`)));
      this.#emulator.listen(port, host, resolve);
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const event = await textOf(request);
    if (request.method !== "POST" || request.url !== EMULATOR_PATH || this.#environment === undefined) {
      response.writeHead(404).end();
      return;
    }
    const requestId = randomUUID();
    this.#print(`START RequestId: ${requestId} Version: $LATEST`);
    const outcome = await this.#environment.invoke(JSON.parse(event), { requestId });
    this.#report(outcome);
    response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
    response.end(JSON.stringify(outcome.error ?? outcome.result ?? null));
  }

  /** As the emulator ends an invocation's log; SAM waits for it. */
  #report({ requestId, initMs, durationMs }: InvocationOutcome): void {
    const memory = `${(this.config.HostConfig?.Memory ?? 0) / MEBIBYTE} MB`;
    const parts = [
      ...(initMs === undefined ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
      `Duration: ${durationMs.toFixed(2)} ms`,
      `Billed Duration: ${Math.ceil(durationMs)} ms`,
      `Memory Size: ${memory}`,
      `Max Memory Used: ${memory}`,
    ];
    this.#print(`END RequestId: ${requestId}`);
    this.#print(`REPORT RequestId: ${requestId}\t${parts.join("\t")}\t`);
  }

  #print(line: string): void {
    const text = Buffer.from(`${line}\n`);
    const head = Buffer.alloc(8);
    head.writeUInt8(STANDARD_OUTPUT, 0);
    head.writeUInt32BE(text.length, 4);
    const frame = Buffer.concat([head, text]);
    this.#output.push(frame);
    for (const reader of this.#readers) reader.write(frame);
  }
}

function splitAtFirst(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

export async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export const textOf = async (message: IncomingMessage): Promise<string> => (await bytesOf(message)).toString("utf8");
