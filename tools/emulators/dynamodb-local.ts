/**
 * AWS's own emulator of DynamoDB, for the contract suites: nearer to the service than the embedded one, and a Java program of
 * 50 MB that is fetched by Maven once. So it is used only where somebody asks for it, with SCACHE_DYNAMODB_LOCAL: `1`
 * fetches it, or the name of a folder that holds its jars and native libraries.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { endpointAt, LOOPBACK, REGION, type RunningEmulator } from "./kinesis.js";

const VERSION = "2.6.1";
const FETCH_MS = 300_000;
const START_MS = 60_000;
const cache = fileURLToPath(new URL(`../../node_modules/.cache/dynamodb-local-${VERSION}`, import.meta.url));

/** The folder of its jars. Undefined where it was not asked for. @throws Error where it was, and cannot be had */
export function dynamoDbLocal(asked = process.env.SCACHE_DYNAMODB_LOCAL ?? ""): string | undefined {
  if (asked === "") return undefined;
  if (asked !== "1") return asked;
  if (!existsSync(cache)) fetchJars(cache);
  return cache;
}

/** Starts one with no table in it, in memory. */
export async function startDynamoDbLocal(jars: string): Promise<RunningEmulator> {
  const port = await freePort();
  const main = "com.amazonaws.services.dynamodbv2.local.main.ServerRunner";
  const settings = ["-inMemory", "-disableTelemetry", "-port", String(port)];
  const args = [`-Djava.library.path=${jars}`, "-cp", join(jars, "*"), main, ...settings];
  const server = spawn("java", args, { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const failed = new Promise<never>((_resolve, reject) => server.once("error", reject));
  const endpoint = endpointAt(LOOPBACK, port);
  const stop = async () => {
    server.kill();
    await ended;
  };
  try {
    await Promise.race([answers(endpoint), failed, ended.then(() => Promise.reject(new Error("java ended")))]);
  } catch (error) {
    await stop();
    throw error;
  }
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  return { endpoint, region: REGION, credentials, stop };
}

/** By the ordinary client, as it is set up on this machine. */
function fetchJars(folder: string): void {
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  try {
    writeFileSync(
      join(work, "pom.xml"),
      `<project xmlns="http://maven.apache.org/POM/4.0.0">
        <modelVersion>4.0.0</modelVersion><groupId>local</groupId><artifactId>jars</artifactId><version>1</version>
        <dependencies><dependency>
          <groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>${VERSION}</version>
        </dependency></dependencies>
      </project>`,
    );
    const args = ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=jars", "-DincludeScope=runtime"];
    const { status, error, stdout } = spawnSync("mvn", args, { cwd: work, encoding: "utf8", timeout: FETCH_MS });
    if (status !== 0) throw new Error(`Maven could not fetch DynamoDB Local: ${error?.message ?? stdout.slice(-500)}`);
    if (!existsSync(folder)) renameSync(join(work, "jars"), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return address.port;
}

/** Resolves once something answers there, whatever it says. */
async function answers(endpoint: string): Promise<void> {
  const deadlineMs = Date.now() + START_MS;
  for (;;) {
    const answered = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (answered) return;
    if (Date.now() > deadlineMs) throw new Error(`DynamoDB Local did not start within ${START_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
