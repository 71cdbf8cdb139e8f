/**
 * What the demo can be told on its command line, with defaults and limits.
 */
import { readArguments, wholeNumber } from "../arguments.js";

export interface DemoSettings {
  /** How long each call takes: to Kinesis, to the log's table, to the source. */
  readonly kinesisMs: number;
  readonly dynamoDbMs: number;
  readonly sourceMs: number;
  /** Of each set-up. */
  readonly environments: number;
  readonly shards: number;
  /** How old the stream's answers may be; undefined: as old as its quota asks for. */
  readonly stalenessMs?: number;
  /** How long the mixed load lasts. */
  readonly seconds: number;
  readonly json: boolean;
  /** Hides what the logs say from all environments, to see that the demo notices. */
  readonly break: boolean;
  /** Runs the sources as they stand, not the built package. */
  readonly unbuilt: boolean;
  /** File that receives every line the environments print. */
  readonly logs?: string;
}

const USAGE = `usage: npm start -- [options]

Three set-ups of the example in Lambda environments on this machine: without a cache, with the
log of invalidations in Kinesis, and with it in DynamoDB. A short story, some seconds of the same
load for all three, then a table and an answer: does it pay?

  --environments N   Lambda environments of each set-up, 2 to 16 (3)
  --shards N         of the stream, 1 to 16 (1)
  --staleness-ms MS  maxStalenessMs on the stream, 0 to 60000 (the least its quota allows)
  --seconds N        how long the load lasts, 1 to 60 (12)
  --kinesis-ms MS    how long a call to Kinesis takes, 0 to 1000 (10)
  --dynamodb-ms MS   how long a call to the log's table in DynamoDB takes, 0 to 1000 (4)
  --source-ms MS     how long a call to the source takes, 0 to 1000 (80)
  --logs FILE        receives every line the environments print; npx scache report FILE reads it (none)
  --break            hides what the logs say, to see that the demo notices
  --unbuilt          runs the sources as they stand, not the built package
  --json             one JSON object as the last line
  --help             prints this

Exit code: 0; 1 when an answer was stale or something failed; 2 for wrong arguments.`;

export function readSettings(): DemoSettings {
  return readArguments({
    usage: USAGE,
    options: {
      "kinesis-ms": { type: "string", default: "10" },
      "dynamodb-ms": { type: "string", default: "4" },
      "source-ms": { type: "string", default: "80" },
      "staleness-ms": { type: "string" },
      environments: { type: "string", default: "3" },
      shards: { type: "string", default: "1" },
      seconds: { type: "string", default: "12" },
      json: { type: "boolean", default: false },
      break: { type: "boolean", default: false },
      unbuilt: { type: "boolean", default: false },
      logs: { type: "string" },
    },
    read: (values) => ({
      kinesisMs: wholeNumber("kinesis-ms", values["kinesis-ms"], 0, 1000),
      dynamoDbMs: wholeNumber("dynamodb-ms", values["dynamodb-ms"], 0, 1000),
      sourceMs: wholeNumber("source-ms", values["source-ms"], 0, 1000),
      environments: wholeNumber("environments", values.environments, 2, 16),
      shards: wholeNumber("shards", values.shards, 1, 16),
      seconds: wholeNumber("seconds", values.seconds, 1, 60),
      json: values.json,
      break: values.break,
      unbuilt: values.unbuilt,
      ...(values["staleness-ms"] === undefined
        ? {}
        : { stalenessMs: wholeNumber("staleness-ms", values["staleness-ms"], 0, 60_000) }),
      ...(values.logs === undefined ? {} : { logs: values.logs }),
    }),
  });
}
