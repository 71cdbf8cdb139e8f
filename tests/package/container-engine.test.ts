/**
 * The stand-in for a container engine that `npm run sam:local-check` puts SAM before: a container in it sees what it was
 * created with and nothing of this machine, reaches only what a container would, and leaves nothing behind. Were it more
 * generous than a container, that check would say nothing.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { BRIDGE, ContainerEngine, type EngineOptions } from "../../tools/sam/engine.js";
import { until } from "../support/until.js";

const HANDLER = `
  import { createConnection } from "node:net";
  const tell = (error) => error.cause?.code ?? error.code ?? String(error);
  export const handler = async ({ get, socket, load }) => {
    console.log("handled");
    if (get) return fetch(get).then((answer) => answer.text(), tell);
    if (load) return import(load).then(() => "loaded", tell);
    if (socket) return new Promise((resolve) => createConnection(socket).on("connect", () => resolve("connected")).on("error", (error) => resolve(tell(error))));
    return { env: process.env, folder: process.cwd() };
  };`;
const IMAGE = "lambda/nodejs:24-rapid-arm64";
/** What AWS's runtime client cannot do without. */
const FUNCTION = Object.entries({
  AWS_LAMBDA_FUNCTION_HANDLER: "index.handler",
  AWS_LAMBDA_FUNCTION_NAME: "f",
  AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
  AWS_LAMBDA_LOG_GROUP_NAME: "g",
  AWS_LAMBDA_LOG_STREAM_NAME: "s",
}).map(([name, value]) => `${name}=${value}`);
const SECOND_LOOPBACK = "127.0.0.2";
const GATEWAY = "host.docker.internal:host-gateway";

interface Published {
  readonly HostIp: string;
  readonly HostPort: string;
}

let work: string;
const engines: ContainerEngine[] = [];
const servers: Server[] = [];

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), "scache-engine-"));
  mkdirSync(join(work, "task"));
  writeFileSync(join(work, "task/index.mjs"), HANDLER);
  // Beside the folder that is mounted, where a container has nothing.
  mkdirSync(join(work, "node_modules/neighbour"), { recursive: true });
  writeFileSync(join(work, "node_modules/neighbour/index.js"), "");
});
afterAll(() => rmSync(work, { recursive: true, force: true }));
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.stop()));
  for (const server of servers.splice(0)) server.close();
});

async function call(engine: ContainerEngine, method: string, path: string, body?: string | object) {
  const url = `${engine.dockerHost.replace("tcp:", "http:")}/v1.35${path}`;
  const sent = typeof body === "object" ? JSON.stringify(body) : body;
  const answer = await fetch(url, { method, ...(sent === undefined ? {} : { body: sent }) });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : text };
}

/** A port that is free for the moment. */
async function freePort(): Promise<string> {
  const server = await listener("127.0.0.1");
  servers.splice(servers.indexOf(server), 1);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

async function listener(host: string, port = 0): Promise<Server> {
  const server = createServer((_, response) => response.end(`from ${host}`));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return server;
}

interface Run {
  readonly engine: ContainerEngine;
  readonly id: string;
  invoke(event: object): Promise<unknown>;
}

async function run(options: EngineOptions, hostConfig: object = {}, Env: readonly string[] = []): Promise<Run> {
  const engine = await ContainerEngine.start(options);
  engines.push(engine);
  await call(engine, "POST", `/build?t=${IMAGE}`, "FROM lambda/nodejs:24-arm64\n");
  const HostPort = await freePort();
  const published: Published = { HostIp: "127.0.0.1", HostPort };
  const { body } = await call(engine, "POST", "/containers/create", {
    Image: IMAGE,
    Env: [...FUNCTION, ...Env],
    HostConfig: {
      Binds: [`${join(work, "task")}:/var/task:ro,delegated`],
      PortBindings: { "8080/tcp": [published] },
      ...hostConfig,
    },
  });
  const id = String((body as { Id: string }).Id);
  expect((await call(engine, "POST", `/containers/${id}/start`)).status).toBe(204);
  const url = `http://127.0.0.1:${HostPort}/2015-03-31/functions/function/invocations`;
  const invoke = async (event: object) =>
    (await fetch(url, { method: "POST", body: JSON.stringify(event) })).json() as unknown;
  return { engine, id, invoke };
}

/** What a client that attaches to a container is sent, frames and all. */
function attached({ engine, id }: Run): () => string {
  let text = "";
  const { hostname, port } = new URL(engine.dockerHost.replace("tcp:", "http:"));
  const headers = { connection: "Upgrade", upgrade: "tcp" };
  const sent = request({ hostname, port, method: "POST", path: `/v1.35/containers/${id}/attach?logs=1`, headers });
  sent.on("upgrade", (_, socket, head) => {
    text += String(head);
    socket.on("data", (chunk) => {
      text += String(chunk);
    });
    socket.on("close", () => {
      text += "(end)";
    });
  });
  sent.end();
  return () => text;
}

describe("a container's life", () => {
  const folders = (id: string) => readdirSync(tmpdir()).filter((name) => name.includes(`container-${id.slice(0, 12)}`));

  test("created, started, attached to, invoked, removed: each as Docker's API tells it", async () => {
    const container = await run({ desktop: true });
    const log = attached(container);
    await container.invoke({});
    await until("the end of the log", () => /REPORT RequestId: \S+\tInit Duration: .+Max Memory Used/.test(log()));
    expect(log()).toMatch(/START RequestId: [\s\S]+handled[\s\S]+END RequestId: /);
    const { engine, id } = container;
    const { body } = await call(engine, "GET", `/containers/${id}/json`);
    expect(body).toMatchObject({ Id: id, State: { Status: "running" }, Config: { Tty: false, Image: IMAGE } });
    expect(folders(id)).toHaveLength(1);
    expect(await call(engine, "DELETE", `/containers/${id}?force=True`)).toMatchObject({ status: 204 });
    await until("the end of the connection", () => log().endsWith("(end)"));
    expect((await call(engine, "GET", `/containers/${id}/json`)).status).toBe(404);
    expect(folders(id)).toEqual([]);
    await expect(container.invoke({})).rejects.toThrow();
  });

  test("an image is there once it was built or pulled, and so is what it was built from", async () => {
    const { engine } = await run({ desktop: true });
    const status = async (image: string) => (await call(engine, "GET", `/images/${image}/json`)).status;
    expect(await Promise.all([IMAGE, "lambda/nodejs:24-arm64", "other:1"].map(status))).toEqual([200, 200, 404]);
    await call(engine, "POST", "/images/create?fromImage=other&tag=1");
    expect(await status("other:1")).toBe(200);
    expect((await call(engine, "POST", "/containers/create", { Image: "nobody:1" })).status).toBe(404);
  });

  test("what it does not know it refuses, and a port that is taken", async () => {
    const { engine, id } = await run({ desktop: true });
    expect((await call(engine, "GET", "/networks/mine")).status).toBe(501);
    const network = { Image: IMAGE, HostConfig: { NetworkMode: "host" } };
    expect((await call(engine, "POST", "/containers/create", network)).status).toBe(501);
    const again = engine.created.find((container) => container.id === id)?.config ?? {};
    const { body } = await call(engine, "POST", "/containers/create", again);
    const taken = await call(engine, "POST", `/containers/${(body as { Id: string }).Id}/start`);
    expect(taken).toMatchObject({ status: 500, body: { message: expect.stringContaining("Ports are not available") } });
  });
});

describe("a container sees nothing of this machine", () => {
  test("its variables are the image's and those it was created with", async () => {
    process.env.OF_THIS_MACHINE = "1";
    const { invoke } = await run({ desktop: true }, {}, ["GIVEN=a=b", "AWS_LAMBDA_RUNTIME_API=nowhere:1"]);
    const { env, folder } = (await invoke({})) as { env: Record<string, string>; folder: string };
    delete process.env.OF_THIS_MACHINE;
    const given = [...FUNCTION, "GIVEN"].map((line) => line.split("=")[0]);
    const image = [
      "AWS_EXECUTION_ENV",
      "AWS_SESSION_TOKEN",
      "LAMBDA_RUNTIME_DIR",
      "LAMBDA_TASK_ROOT",
      "LANG",
      "PATH",
      "TZ",
    ];
    const runner = ["AWS_LAMBDA_RUNTIME_API", "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED", "HOME", "_HANDLER"];
    expect(Object.keys(env).sort()).toEqual([...given, ...image, ...runner, "_X_AMZN_TRACE_ID"].sort());
    expect(env).toMatchObject({ GIVEN: "a=b", HOME: folder, LAMBDA_TASK_ROOT: folder });
  });

  test("nothing is around its task folder", async () => {
    const { invoke } = await run({ desktop: true });
    expect(await invoke({ load: "neighbour" })).toBe("ERR_MODULE_NOT_FOUND");
  });
});

describe("a container reaches what a container would", () => {
  const onLinux = process.platform === "linux" ? SECOND_LOOPBACK : "127.0.0.1";
  const linux = { desktop: false, bridge: onLinux };
  const added = { ExtraHosts: [GATEWAY] };

  test.each([
    ["Docker Desktop: the host by its name", { desktop: true }, {}, "host.docker.internal", "from 127.0.0.1"],
    ["Linux: the host by no name", linux, {}, "host.docker.internal", "ENOTFOUND"],
    ["Linux: the host by a name that was added", linux, added, "host.docker.internal", `from ${onLinux}`],
    ["Linux: the host by the bridge's address", linux, {}, BRIDGE, `from ${onLinux}`],
    ["Linux: the host by its loopback", linux, added, "127.0.0.1", "ECONNREFUSED"],
    ["Docker Desktop: the host by its loopback", { desktop: true }, {}, "localhost", "ECONNREFUSED"],
    ["Docker Desktop: the host by the other loopback", { desktop: true }, {}, "[::1]", "ECONNREFUSED"],
    [
      "anything by a name that is not the host's",
      { desktop: true },
      {},
      "kinesis.us-east-1.amazonaws.com",
      "ENOTFOUND",
    ],
    ["anything by another address", { desktop: true }, {}, "192.0.2.1", "ENETUNREACH"],
  ])("%s", async (_, options, hostConfig, host, said) => {
    const server = await listener("127.0.0.1");
    const { port } = server.address() as AddressInfo;
    if (onLinux !== "127.0.0.1") await listener(onLinux, port);
    const { invoke } = await run(options, hostConfig);
    expect(await invoke({ get: `http://${host}:${port}/` })).toBe(said);
  });

  test("no service that listens on the host's loopback alone, on Linux", async () => {
    if (process.platform !== "linux") return;
    const { port } = (await listener("127.0.0.1")).address() as AddressInfo;
    const { invoke } = await run(linux, added);
    expect(await invoke({ get: `http://host.docker.internal:${port}/` })).toBe("ECONNREFUSED");
  });

  test("no socket of this machine's file system", async () => {
    const { invoke } = await run({ desktop: true });
    const path = join(work, "socket");
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    expect(await invoke({ socket: path })).toBe("ENOENT");
  });
});
