/**
 * `npm run invoke -- events/get-user.json`: runs the example's function that template.yaml routes the events to, in a
 * local Lambda environment, and prints the answers, what the function logged and what it took.
 * The embedded services are started and stopped with it, unless AWS_ENDPOINT_URL_KINESIS and _DYNAMODB name others
 * (those of `npm run emulators`, say).
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { readArguments, WrongArgument, wholeNumber } from "../arguments.js";
import { startServices, usersVariables } from "../emulators/services.js";
import { whenEnded } from "../when-ended.js";
import { bundleFunction, functionFor } from "./bundle.js";
import { LambdaEnvironment } from "./environment.js";
import type { InvocationOutcome } from "./invocation.js";

const USAGE = `usage: npm run invoke -- events/get-user.json [more events] [options]

Runs the events in turn, in one local Lambda environment of the function that template.yaml routes them to.

  --times N         runs the events this often, all of them each time (1)
  --freeze-ms MS    how long the environment is left frozen between two invocations (0)
  --function NAME   the function of template.yaml to run (the one the events are routed to)
  --unbuilt         runs the sources as they stand, not the built package
  --json            one JSON object as the last line, after the logs and answers
  --help            prints this

Exit code: 0; 1 when an invocation or anything else failed; 2 for wrong arguments.`;

interface Settings {
  readonly files: readonly string[];
  readonly functionName: string | undefined;
  readonly times: number;
  readonly freezeMs: number;
  readonly json: boolean;
  readonly unbuilt: boolean;
}

function readSettings(): Settings {
  return readArguments({
    usage: USAGE,
    allowPositionals: true,
    options: {
      times: { type: "string", default: "1" },
      "freeze-ms": { type: "string", default: "0" },
      function: { type: "string" },
      json: { type: "boolean", default: false },
      unbuilt: { type: "boolean", default: false },
    },
    read: (values, files) => {
      if (files.length === 0) throw new WrongArgument("name the file of an event");
      return {
        files,
        functionName: values.function,
        times: wholeNumber("times", values.times, 1),
        freezeMs: wholeNumber("freeze-ms", values["freeze-ms"]),
        json: values.json,
        unbuilt: values.unbuilt,
      };
    },
  });
}

/** What went wrong with an event says which: with several, nobody could tell. */
function about<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readEvent(file: string): unknown {
  return about(file, () => JSON.parse(readFileSync(file, "utf8")) as unknown);
}

/** One environment is of one function, so the events have to be, too. */
function functionOf(files: readonly string[], events: readonly unknown[]): string {
  const names = events.map((event, index) => about(files[index] ?? "", () => functionFor(event)));
  if (new Set(names).size > 1) {
    const routes = names.map((name, index) => `${files[index]} goes to ${name}`).join(", ");
    throw new Error(
      `one environment runs one function, but ${routes}: run them one by one, or name it with --function`,
    );
  }
  return names[0] ?? "";
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

const WHY_THE_SECOND_IS_SLOW = `
The first invocation finds nothing cached and reads no log. The next one reads it for the first time: over a new connection, and on
a stream with three calls. From then on it is one call.`;

async function invoke({ files, times, freezeMs, json, unbuilt, ...settings }: Settings): Promise<boolean> {
  const events = files.map(readEvent);
  const functionName = settings.functionName ?? functionOf(files, events);
  /** What must be undone however this ends, the last begun first. */
  const undo: (() => unknown)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  whenEnded(stop);
  try {
    const bundle = await bundleFunction({ functionName, scacheFrom: unbuilt ? "src" : "dist" });
    undo.push(() => bundle.remove());
    const started = await services();
    undo.push(() => started.stop());
    const environment = await LambdaEnvironment.create({ ...bundle, functionName, env: started.variables });
    undo.push(() => environment.stop());
    const outcomes: InvocationOutcome[] = [];
    for (let index = 0; index < times * events.length; index += 1) {
      if (index > 0) await sleep(freezeMs);
      const outcome = await environment.invoke(events[index % events.length]);
      outcomes.push(outcome);
      print(outcome);
    }
    await stop();
    if (outcomes.length > 1) console.log(WHY_THE_SECOND_IS_SLOW);
    if (json) console.log(JSON.stringify({ functionName, freezes: environment.counts.freezes, outcomes }));
    return outcomes.every(({ error }) => error === undefined);
  } finally {
    await stop();
  }
}

try {
  if (!(await invoke(readSettings()))) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
