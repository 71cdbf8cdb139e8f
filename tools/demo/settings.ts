/**
 * What the demo can be told on its command line, with defaults and limits.
 */
import { readArguments, wholeNumber } from "../arguments.js";

export interface DemoSettings {
  /** Added to every call to Kinesis and to DynamoDB. */
  readonly kinesisMs: number;
  readonly sourceMs: number;
  readonly environments: number;
  readonly shards: number;
  /** How long the mixed load lasts. */
  readonly seconds: number;
  readonly json: boolean;
  /** Hides what the stream says from all environments, to see that the demo notices. */
  readonly break: boolean;
  /** Runs the sources as they stand, not the built package. */
  readonly unbuilt: boolean;
  /** File that receives every line the environments print. */
  readonly logs?: string;
}

const USAGE = `usage: npm start -- [options]

The example in several Lambda environments on this machine: a short story, some seconds of load, then a table.

  --environments N   Lambda environments with a cache, 2 to 16 (3)
  --shards N         of the stream, 1 to 16 (1)
  --seconds N        how long the load lasts, 1 to 60 (6)
  --kinesis-ms MS    added to every call to Kinesis, 0 to 1000 (10)
  --source-ms MS     added to every call to DynamoDB, 0 to 1000 (40)
  --logs FILE        receives every line the environments print (none)
  --break            hides what the stream says, to see that the demo notices
  --unbuilt          runs the sources as they stand, not the built package
  --json             one JSON object as the last line
  --help             prints this

Exit code: 0; 1 when an answer was stale or something failed; 2 for wrong arguments.`;

export function readSettings(): DemoSettings {
  return readArguments({
    usage: USAGE,
    options: {
      "kinesis-ms": { type: "string", default: "10" },
      "source-ms": { type: "string", default: "40" },
      environments: { type: "string", default: "3" },
      shards: { type: "string", default: "1" },
      seconds: { type: "string", default: "6" },
      json: { type: "boolean", default: false },
      break: { type: "boolean", default: false },
      unbuilt: { type: "boolean", default: false },
      logs: { type: "string" },
    },
    read: (values) => ({
      kinesisMs: wholeNumber("kinesis-ms", values["kinesis-ms"], 0, 1000),
      sourceMs: wholeNumber("source-ms", values["source-ms"], 0, 1000),
      environments: wholeNumber("environments", values.environments, 2, 16),
      shards: wholeNumber("shards", values.shards, 1, 16),
      seconds: wholeNumber("seconds", values.seconds, 1, 60),
      json: values.json,
      break: values.break,
      unbuilt: values.unbuilt,
      ...(values.logs === undefined ? {} : { logs: values.logs }),
    }),
  });
}
