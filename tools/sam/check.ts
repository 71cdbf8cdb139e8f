/**
 * `npm run sam:local-check`: the README's `sam local invoke`, run with the real SAM CLI as on Docker Desktop and as on
 * Linux, against a stand-in for the container engine and the services of `npm run emulators`. Prints what held and what
 * did not, exits with 1 unless all held; needs `sam` on the path, and the ports of events/env.json. It is no proof of
 * what only the image can show: its processor architecture, its Node.js, its file system.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { GetRecordsCommand, GetShardIteratorCommand } from "@aws-sdk/client-kinesis";
import { parse } from "yaml";
import { readArguments } from "../arguments.js";
import { kinesisClient, LOOPBACK, REGION } from "../emulators/kinesis.js";
import { STREAM_NAME } from "../emulators/services.js";
import { openShardIds } from "../emulators/streams.js";
import { whenEnded } from "../when-ended.js";
import { Commands, type Ended } from "./commands.js";
import { BRIDGE, ContainerEngine } from "./engine.js";
import { readmeCommands } from "./readme.js";

/** Stands in for Docker's bridge, which is not there without Docker: another address of Linux's loopback. */
const BRIDGE_HERE = "127.17.0.1";
const READER = "GetUserFunction --event events/get-user.json";
const WRITER = "PostUserFunction --event events/post-user.json";
const USER = { userid: "12345", name: "Ann", email: "ann@example.com", version: 1 };
const WRITTEN = { userid: "12345", name: "Ann Other", email: "ann@example.com" };
const ELSEWHERE = "eu-central-1";

interface Template {
  readonly Globals: {
    readonly Function: {
      readonly Runtime: string;
      readonly Architectures: readonly string[];
      readonly MemorySize: number;
    };
  };
}

interface Answer {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const USAGE = `usage: npm run sam:local-check -- [options]

The README's sam local invoke, run with the real SAM CLI against a stand-in for the container engine.

  --json   one JSON object as the last line
  --help   prints this

It needs sam on the path, and the ports of events/env.json.
Exit code: 0; 1 unless all held; 2 for wrong arguments.`;

const { json } = readArguments({
  usage: USAGE,
  options: { json: { type: "boolean", default: false } },
  read: (values) => values,
});
const beganMs = performance.now();
const readme = readmeCommands();
const commands = new Commands();
const engines: ContainerEngine[] = [];
const checks: { readonly name: string; readonly ok: boolean }[] = [];

let interrupted = false;
const stop = async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.stop()));
  await commands.stop();
};
whenEnded(() => {
  interrupted = true;
  return stop();
});

function check(name: string, ok: boolean, otherwise: () => string): void {
  if (interrupted) return;
  checks.push({ name, ok });
  console.log(`${ok ? "ok    " : "FAILED"} ${name}`);
  if (!ok) console.log(otherwise());
}

async function engineOf(options: { desktop: boolean; bridge?: string }): Promise<ContainerEngine> {
  const engine = await ContainerEngine.start(options);
  engines.push(engine);
  return engine;
}

/** Runs a command of SAM's, and checks its answer and its log; whatever it says, it must end well and leave nothing. */
async function invoke(
  name: string,
  engine: ContainerEngine,
  command: string,
  wanted: { readonly status: number; readonly cache?: string; readonly user?: object; readonly log: RegExp },
): Promise<void> {
  const before = engine.created.length;
  const ended = await commands.run(command, engine.dockerHost);
  const { statusCode, headers, body } = answerOf(ended);
  const user = Object.entries(wanted.user ?? {});
  const found = user.length === 0 ? {} : (JSON.parse(body ?? "{}") as Record<string, unknown>);
  const ok =
    ended.code === 0 &&
    statusCode === wanted.status &&
    headers?.["x-cache"] === wanted.cache &&
    user.every(([key, value]) => found[key] === value) &&
    wanted.log.test(ended.log) &&
    engine.created.length === before + 1 &&
    engine.left === 0;
  const said = () => `  $ ${command}\n  exit code ${ended.code}\n${ended.output}\n${ended.log}`;
  check(name, ok, () => `${said()}\n  wanted ${JSON.stringify({ ...wanted, log: String(wanted.log) })}`);
}

/** SAM prints the function's answer last. */
function answerOf({ output }: Ended): Answer {
  try {
    return JSON.parse(output.trim().split("\n").at(-1) ?? "") as Answer;
  } catch {
    return {};
  }
}

/** The image is only a name here, but it says which Node.js and which processor SAM would have run. */
function checkWhatWasAsked({ created: [container] }: ContainerEngine): void {
  const { Globals } = parse(readFileSync("template.yaml", "utf8"), { logLevel: "silent" }) as Template;
  const { Runtime, Architectures, MemorySize } = Globals.Function;
  const { Image = "", HostConfig } = container?.config ?? {};
  const mount = /\/\.aws-sam\/build\/GetUserFunction:\/var\/task:ro\b/;
  const ok =
    Image.includes(Runtime.replace(/^nodejs(\d+)\.x$/, "nodejs:$1-")) &&
    Architectures.every((architecture) => Image.includes(architecture)) &&
    HostConfig?.Memory === MemorySize * 1024 * 1024 &&
    (HostConfig.Binds ?? []).some((bind) => mount.test(bind));
  check("SAM asks for the runtime, processor, memory and folder of the template", ok, () => JSON.stringify(container));
}

/** The embedded services, started as the README says. They want the ports of events/env.json, and no others. */
async function startServices(command: string): Promise<void> {
  try {
    await commands.start(command, /Ctrl-C/);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    if (!said.includes("EADDRINUSE")) throw error;
    const taken =
      "the ports of events/env.json are taken, maybe by npm run emulators in another terminal: stop that first";
    throw new Error(`${taken}\n\n${said}`);
  }
}

const forWriter = (command: string) => command.replace(READER, WRITER);
const miss = /"CacheMisses":1\b/;

async function asOnDockerDesktop(): Promise<void> {
  const engine = await engineOf({ desktop: true });
  const read = { status: 200, cache: "miss", user: USER, log: miss };
  await invoke("Docker Desktop: built and invoked as the README says, a miss", engine, readme.buildAndInvoke, read);
  await invoke("Docker Desktop: invoked again, a cold environment again: a miss", engine, readme.invoke, read);
  checkWhatWasAsked(engine);
  const written = { status: 200, user: { ...WRITTEN, version: 2 }, log: /"CacheMisses":0\b/ };
  await invoke("Docker Desktop: the writer writes", engine, forWriter(readme.invoke), written);
  const announced = await recordsAt(LOOPBACK);
  check("its invalidation is on the stream", announced === 1, () => `  ${announced} records`);
  const reread = { ...read, user: { ...WRITTEN, version: 2 } };
  await invoke("Docker Desktop: the reader sees what was written", engine, readme.invoke, reread);
  const elsewhere = forWriter(readme.invoke).replace(REGION, ELSEWHERE);
  const noStream = { status: 503, log: /saved, but not announced.*ResourceNotFoundException/s };
  await invoke("Docker Desktop, another region: there is no such stream", engine, elsewhere, noStream);
}

async function asOnLinux(): Promise<void> {
  const engine = await engineOf({ desktop: false, bridge: BRIDGE_HERE });
  const unknown = /ENOTFOUND host\.docker\.internal/;
  const withHost = `${readme.invoke} ${readme.addHost}`;
  await invoke("Linux without --add-host: no such host", engine, readme.invoke, { status: 500, log: unknown });
  const unreached = { status: 500, log: /ECONNREFUSED/ };
  await invoke("Linux, services on loopback alone: refused", engine, withHost, unreached);
  await startServices(readme.emulatorsOnBridge.replace(BRIDGE, BRIDGE_HERE));
  const read = { status: 200, cache: "miss", user: USER, log: miss };
  await invoke("Linux, as the README says: a miss", engine, withHost, read);
  await invoke("Linux, as the README says: the writer writes", engine, forWriter(withHost), {
    status: 200,
    user: WRITTEN,
    log: /"CacheMisses":0\b/,
  });
  const saved = { status: 503, log: new RegExp(`saved, but not announced.*${unknown.source}`, "s") };
  const noStream = forWriter(readme.invoke).replace("events/env.json", sourceByAddress());
  await invoke("Linux without --add-host: a write that cannot be announced says so", engine, noStream, saved);
}

/** events/env.json, with the source at the bridge's address, so that only the stream is at a name nobody knows. */
function sourceByAddress(): string {
  const file = commands.file("env.json");
  const { Parameters } = JSON.parse(readFileSync("events/env.json", "utf8")) as { Parameters: Record<string, string> };
  const source = Parameters.AWS_ENDPOINT_URL_DYNAMODB?.replace("host.docker.internal", BRIDGE);
  writeFileSync(file, JSON.stringify({ Parameters: { ...Parameters, AWS_ENDPOINT_URL_DYNAMODB: source } }));
  return file;
}

async function recordsAt(host: string): Promise<number> {
  const credentials = { accessKeyId: "000000000000", secretAccessKey: "local" };
  const client = kinesisClient({ endpoint: `http://${host}:4568`, region: REGION, credentials });
  try {
    const [ShardId] = await openShardIds(client, STREAM_NAME);
    const start = { StreamName: STREAM_NAME, ShardId, ShardIteratorType: "TRIM_HORIZON" } as const;
    const { ShardIterator } = await client.send(new GetShardIteratorCommand(start));
    return (await client.send(new GetRecordsCommand({ ShardIterator }))).Records?.length ?? 0;
  } finally {
    client.destroy();
  }
}

try {
  const version = await commands.run("sam --version", "");
  if (version.code !== 0) throw new Error("there is no sam on the path: pip install aws-sam-cli");
  console.log(`${version.output.trim()}, Node.js ${process.version}`);
  await startServices(readme.emulators);
  await asOnDockerDesktop();
  if (process.platform === "linux") await asOnLinux();
  else console.log(`left out: ${process.platform} has no second address to stand in for Docker's bridge on Linux`);
  const tookSeconds = Math.round((performance.now() - beganMs) / 1_000);
  const failed = checks.filter(({ ok }) => !ok).length;
  console.log(`${checks.length - failed} of ${checks.length} hold, after ${tookSeconds} s`);
  if (json) console.log(JSON.stringify({ sam: version.output.trim(), checks, failed, tookSeconds }));
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  if (!interrupted) console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await stop();
}
