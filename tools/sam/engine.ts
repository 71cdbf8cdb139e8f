/**
 * Stands in for a container engine: answers as much of Docker's HTTP API, on loopback, as the SAM CLI asks for in a
 * `sam local invoke`. It exists so that the README's commands can be run where there is no engine.
 * Images are names that are there once they were built or pulled; nothing is downloaded and no image is run. What it
 * does not know it refuses by name, never by an answer that could pass for a success.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { bytesOf, Container, type ContainerConfig, type HostNetwork, textOf } from "./container.js";

export interface EngineOptions {
  /** Docker Desktop takes `host.docker.internal` to the host's loopback; on Linux it is a name nobody knows. */
  readonly desktop: boolean;
  /** On Linux: the address on this machine that stands in for the one of Docker's bridge. */
  readonly bridge?: string;
}

/** The bridge's own address on Linux, and the one Docker Desktop gives the host. */
export const BRIDGE = "172.17.0.1";
const DESKTOP_HOST = "192.168.65.254";
const LOOPBACK = "127.0.0.1";

/** The client SAM uses loses what arrives together with the head of the answer to `attach`. */
const HEAD_MS = 50;

type Answer = { readonly status: number; readonly body?: unknown };
type Route = (match: readonly string[], query: URLSearchParams, request: IncomingMessage) => Answer | Promise<Answer>;

export class ContainerEngine {
  /** All that were ever created, the removed ones too. */
  readonly created: Container[] = [];
  readonly #network: HostNetwork;
  readonly #images = new Set<string>();
  readonly #containers = new Map<string, Container>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #routes: readonly (readonly [method: string, path: RegExp, route: Route])[] = [
    ["GET", /^\/_ping$/, () => ({ status: 200, body: "OK" })],
    ["GET", /^\/images\/json$/, () => ({ status: 200, body: [] })],
    ["GET", /^\/images\/(.+)\/json$/, ([name = ""]) => this.#image(name)],
    ["GET", /^\/distribution\/(.+)\/json$/, ([name = ""]) => this.#newestImage(name)],
    ["POST", /^\/images\/create$/, (_, query) => this.#pull(`${query.get("fromImage")}:${query.get("tag")}`)],
    ["POST", /^\/build$/, (_, query, request) => this.#build(query.get("t") ?? "", request)],
    ["POST", /^\/containers\/create$/, (_, __, request) => this.#create(request)],
    ["GET", /^\/containers\/(\w+)\/json$/, ([id]) => this.#of(id, ({ description }) => ok(description))],
    ["POST", /^\/containers\/(\w+)\/start$/, ([id]) => this.#of(id, (container) => container.start().then(done))],
    ["POST", /^\/containers\/(\w+)\/stop$/, ([id]) => this.#of(id, (container) => container.stop().then(done))],
    ["DELETE", /^\/containers\/(\w+)$/, ([id]) => this.#of(id, (container) => this.#remove(container))],
  ];

  private constructor({ desktop, bridge = LOOPBACK }: EngineOptions) {
    const gateway = desktop ? DESKTOP_HOST : BRIDGE;
    this.#network = {
      gateway,
      gatewayIs: desktop ? LOOPBACK : bridge,
      hostGateway: gateway,
      names: desktop ? { "host.docker.internal": gateway } : {},
    };
    this.#server.on("upgrade", (request, socket) => this.#attach(request, socket));
  }

  static async start(options: EngineOptions): Promise<ContainerEngine> {
    const engine = new ContainerEngine(options);
    await new Promise<void>((resolve, reject) => {
      engine.#server.once("error", reject);
      engine.#server.listen(0, LOOPBACK, resolve);
    });
    return engine;
  }

  /** For the variable DOCKER_HOST. */
  get dockerHost(): string {
    return `tcp://${LOOPBACK}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many containers have not been removed. */
  get left(): number {
    return this.#containers.size;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#containers.values()].map((container) => this.#remove(container)));
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = await this.#answer(request).catch((error: Error) => refusal(500, error.message));
    const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", "api-version": "1.44", ostype: "linux" });
    response.end(text);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { path, query } = placeOf(request);
    for (const [method, pattern, route] of this.#routes) {
      const match = request.method === method ? pattern.exec(path) : null;
      if (match !== null) return route(match.slice(1).map(decodeURIComponent), query, request);
    }
    return refusal(501, `the stand-in for a container engine does not know ${request.method} ${path}`);
  }

  #image(name: string): Answer {
    if (!this.#images.has(name)) return refusal(404, `No such image: ${name}`);
    const [repository] = name.split(":");
    return ok({ Id: digestOf(name), RepoTags: [name], RepoDigests: [`${repository}@${digestOf(name)}`], Config: {} });
  }

  /** What the registry has: always what is here. */
  #newestImage(name: string): Answer {
    return ok({ Descriptor: { digest: digestOf(name) }, Platforms: [] });
  }

  #pull(name: string): Answer {
    this.#images.add(name);
    return ok({ status: `${name} is a name here, and nothing was downloaded` });
  }

  /** The image, and the one it says it is made from. */
  async #build(name: string, request: IncomingMessage): Promise<Answer> {
    const [, base] = /^FROM (\S+)$/m.exec((await bytesOf(request)).toString("latin1")) ?? [];
    if (base === undefined) return refusal(400, "there is no FROM in what was sent to build an image");
    this.#images.add(base).add(name);
    return ok({ stream: `${name} is a name here, and nothing was built` });
  }

  async #create(request: IncomingMessage): Promise<Answer> {
    const config = JSON.parse(await textOf(request)) as ContainerConfig;
    if (!this.#images.has(config.Image)) return refusal(404, `No such image: ${config.Image}`);
    const mode = config.HostConfig?.NetworkMode ?? "default";
    if (mode !== "default" && mode !== "bridge") return refusal(501, `network ${mode} is not modelled`);
    const container = new Container(config, this.#network);
    this.created.push(container);
    this.#containers.set(container.id, container);
    return { status: 201, body: { Id: container.id, Warnings: [] } };
  }

  async #remove(container: Container): Promise<Answer> {
    this.#containers.delete(container.id);
    await container.stop();
    return done();
  }

  #of(id: string | undefined, answer: (container: Container) => Answer | Promise<Answer>): Answer | Promise<Answer> {
    const container = this.#containers.get(id ?? "");
    return container === undefined ? refusal(404, `No such container: ${id}`) : answer(container);
  }

  /** The one call after which the connection no longer speaks HTTP. */
  #attach(request: IncomingMessage, socket: Duplex): void {
    const [, id = ""] = /^\/containers\/(\w+)\/attach$/.exec(placeOf(request).path) ?? [];
    const container = this.#containers.get(id);
    if (container === undefined) {
      socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    const head = ["HTTP/1.1 101 UPGRADED", "connection: Upgrade", "upgrade: tcp"];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    setTimeout(() => container.attach(socket), HEAD_MS);
  }
}

const ok = (body: unknown): Answer => ({ status: 200, body });
const done = (): Answer => ({ status: 204 });
const refusal = (status: number, message: string): Answer => ({ status, body: { message } });
const digestOf = (name: string) => `sha256:${createHash("sha256").update(name).digest("hex")}`;

/** The version of the API that a path may begin with makes no difference here. */
function placeOf(request: IncomingMessage): { path: string; query: URLSearchParams } {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://engine");
  return { path: pathname.replace(/^\/v\d+\.\d+(?=\/)/, ""), query: searchParams };
}
