/**
 * What the demo compares: the same function without a cache, with its log in a Kinesis stream, and with its log in a DynamoDB
 * table. Each has environments of its own and users of its own, so that none can help or hinder another.
 */
import { logVariables } from "../emulators/services.js";
import type { DemoSettings } from "./settings.js";

export type SetupName = "without" | "kinesis" | "dynamodb" | "minute";

export interface Setup {
  readonly name: SetupName;
  /** What heads its column. */
  readonly title: string;
  readonly subtitle: string;
  /** Its function's file in functions/. */
  readonly entry: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly usersTable: string;
  /** How old an answer may be. */
  readonly maxStalenessMs: number;
}

/** All environments together may read a shard five times a second. Reads come at random, so this much can be planned with. */
const PLANNED_READS_A_SECOND = 3;

/** The least bound, in whole seconds, at which so many busy environments stay within what one shard allows. */
export function boundAllowedBy(environments: number): number {
  return 1_000 * Math.max(1, Math.ceil(environments / PLANNED_READS_A_SECOND));
}

/** For the story alone: its environments look into the stream so seldom that nobody would wait for it. */
export const MINUTE: Setup = setup("minute", "Kinesis", 60_000, "at most a minute old");

function setup(name: SetupName, title: string, boundMs: number, subtitle: string): Setup {
  return {
    name,
    title,
    subtitle,
    entry: name === "without" ? "without" : "cached",
    usersTable: `users-${name}`,
    variables: {
      TABLE_NAME: `users-${name}`,
      MAX_STALENESS_MS: String(boundMs),
      ...(name === "without" ? {} : logVariables(name === "dynamodb" ? "dynamodb" : "kinesis")),
    },
    maxStalenessMs: boundMs,
  };
}

/** Those that are compared. */
export function setupsFor({ environments, stalenessMs }: DemoSettings): readonly Setup[] {
  const maxStalenessMs = stalenessMs ?? boundAllowedBy(environments);
  return [
    setup("without", "without", 0, "a cache"),
    setup("kinesis", "Kinesis", maxStalenessMs, `at most ${maxStalenessMs / 1_000} s old`),
    setup("dynamodb", "DynamoDB", 0, "read every time"),
  ];
}
