/**
 * `npm run invoke -- events/get-user.json`: runs the example's function that template.yaml routes the event to, in a
 * local Lambda environment, and prints the answer, what the function logged and what it took.
 * The embedded services are started and stopped with it, unless AWS_ENDPOINT_URL_KINESIS and _DYNAMODB name others
 * (those of `npm run emulators`, say).
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startServices, usersVariables } from "../emulators/services.js";
import { whenEnded } from "../when-ended.js";
import { bundleFunction, functionFor } from "./bundle.js";
import { LambdaEnvironment } from "./environment.js";
import type { InvocationOutcome } from "./invocation.js";

const USAGE =
  "usage: npm run invoke -- events/get-user.json [--times N] [--freeze-ms M] [--function NAME] [--json]\n" +
  "  --unbuilt runs the sources as they stand, not the built package";

interface Settings {
  readonly event: unknown;
  readonly functionName: string;
  readonly times: number;
  readonly freezeMs: number;
  readonly json: boolean;
  readonly unbuilt: boolean;
}

function readSettings(): Settings {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      times: { type: "string", default: "1" },
      "freeze-ms": { type: "string", default: "0" },
      function: { type: "string" },
      json: { type: "boolean", default: false },
      unbuilt: { type: "boolean", default: false },
    },
  });
  const [file] = positionals;
  if (file === undefined) throw new Error(USAGE);
  const event: unknown = JSON.parse(readFileSync(file, "utf8"));
  return {
    event,
    functionName: values.function ?? functionFor(event),
    times: count("--times", values.times, 1),
    freezeMs: count("--freeze-ms", values["freeze-ms"], 0),
    json: values.json,
    unbuilt: values.unbuilt,
  };
}

function count(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new Error(`${name} must be a whole number from ${least} on`);
  return value;
}

async function services(): Promise<{ variables: Readonly<Record<string, string>>; stop(): Promise<void> }> {
  const { AWS_ENDPOINT_URL_KINESIS: kinesis, AWS_ENDPOINT_URL_DYNAMODB: dynamoDb } = process.env;
  if (kinesis === undefined || dynamoDb === undefined) return startServices();
  return { variables: usersVariables(kinesis, dynamoDb), stop: async () => {} };
}

function print({ requestId, result, error, durationMs, initMs, logs }: InvocationOutcome): void {
  for (const line of logs) console.log(line);
  const init = initMs === undefined ? "" : `  Init Duration: ${initMs.toFixed(2)} ms`;
  console.log(`REPORT RequestId: ${requestId}  Duration: ${durationMs.toFixed(2)} ms${init}`);
  console.log(JSON.stringify(error ?? result, null, 2));
}

async function invoke(settings: Settings): Promise<boolean> {
  const { event, functionName, times, freezeMs, json, unbuilt } = settings;
  const started = await services();
  const bundle = await bundleFunction({ functionName, scacheFrom: unbuilt ? "src" : "dist" });
  const environment = await LambdaEnvironment.create({ ...bundle, functionName, env: started.variables });
  const stop = async () => {
    await environment.stop();
    bundle.remove();
    await started.stop();
  };
  whenEnded(stop);
  const outcomes: InvocationOutcome[] = [];
  try {
    for (let index = 0; index < times; index += 1) {
      if (index > 0) await sleep(freezeMs);
      const outcome = await environment.invoke(event);
      outcomes.push(outcome);
      print(outcome);
    }
  } finally {
    await stop();
  }
  if (json) console.log(JSON.stringify({ functionName, freezes: environment.counts.freezes, outcomes }));
  return outcomes.every(({ error }) => error === undefined);
}

try {
  if (!(await invoke(readSettings()))) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
