/**
 * How a user names a log in DynamoDB: a table by its name or ARN, and the log's name within it. Checked when the middleware or
 * publisher is built.
 */
import { InvalidOptionError } from "../errors.js";

/** The table's name, or its ARN, which ends with it. Partitions other than AWS's own are a slip of the pen. */
const TABLE = /^(arn:aws(?:-[a-z]+)*:dynamodb:([a-z\d-]+):\d{12}:table\/)?([\w.-]{3,255})$/;
/** It begins the partition key of everything that is the log's; what follows a `#` there is not its name. */
const LOG = /^[\w.-]{1,100}$/;

export const DEFAULT_LOG = "scache";

export interface TableRef {
  /** The table's name. */
  readonly name: string;
  readonly arn?: string | undefined;
  /** The region of the ARN. */
  readonly region?: string | undefined;
  /** The log's name. */
  readonly log: string;
}

/** @throws InvalidOptionError unless they are a table's name or ARN, and a log's name */
export function resolveTable(table: string, log: string = DEFAULT_LOG): TableRef {
  const [, prefix, region, name] = (typeof table === "string" && TABLE.exec(table)) || [];
  if (name === undefined) {
    throw new InvalidOptionError("table", "a table's name (3 to 255 of a-z A-Z 0-9 _ . -) or its ARN", table);
  }
  if (typeof log !== "string" || !LOG.test(log)) {
    throw new InvalidOptionError("log", "a log's name (1 to 100 of a-z A-Z 0-9 _ . -)", log);
  }
  return { name, arn: prefix && table, region, log };
}
