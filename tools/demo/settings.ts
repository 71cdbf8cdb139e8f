/**
 * What the demo can be told on its command line, with defaults and limits.
 */
import { parseArgs } from "node:util";

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

export function readSettings(args: readonly string[]): DemoSettings {
  const { values } = parseArgs({
    args: [...args],
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
  });
  const number = (
    name: "kinesis-ms" | "source-ms" | "environments" | "shards" | "seconds",
    min: number,
    max: number,
  ) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new Error(`--${name} must be a whole number from ${min} to ${max}, but is ${values[name]}`);
    }
    return value;
  };
  return {
    kinesisMs: number("kinesis-ms", 0, 1000),
    sourceMs: number("source-ms", 0, 1000),
    environments: number("environments", 2, 16),
    shards: number("shards", 1, 16),
    seconds: number("seconds", 1, 60),
    json: values.json,
    break: values.break,
    unbuilt: values.unbuilt,
    ...(values.logs === undefined ? {} : { logs: values.logs }),
  };
}
