/** How a log is named on the command line: a stream as everywhere, or `dynamodb:TABLE[/LOG]`. */
import { resolveTable, type TableRef } from "../dynamodb/table-ref.js";
import { InvalidOptionError } from "../errors.js";
import { resolveStream, type StreamRef } from "../kinesis/stream-ref.js";
import { meant, WrongUsage } from "./arguments.js";

export type LogName =
  | { readonly kind: "kinesis"; readonly stream: StreamRef }
  | { readonly kind: "dynamodb"; readonly table: TableRef };

export const LOG_USAGE = `  LOG                 a stream: my-stream, or its ARN; or a log in a DynamoDB table: dynamodb:my-table, or
                      dynamodb:my-table/my-log (the table's name or ARN; without a log, the one named "scache")`;

const SCHEME = "dynamodb:";
/** An ARN has a slash of its own. */
const TABLE = /^(arn:[^/]*\/[^/]+|[^/]+)(?:\/(.*))?$/s;

/** @throws WrongUsage */
export function readLogName(text: string | undefined): LogName {
  if (text === undefined) throw new WrongUsage("name a log");
  try {
    if (text.startsWith(SCHEME)) return inTable(text.slice(SCHEME.length));
    if (/^arn:[^:]*:dynamodb:/.test(text)) return inTable(text);
    return { kind: "kinesis", stream: resolveStream(text) };
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error;
    const [scheme = ""] = text.split(":");
    const hint = text.includes(":") && scheme !== "dynamodb" ? meant(scheme, ["dynamodb"]) : "";
    throw new WrongUsage(`"${text}" names no log${hint || `: ${reasonOf(text)}`}`);
  }
}

function inTable(text: string): LogName {
  const [, table = "", log] = TABLE.exec(text) ?? [];
  return { kind: "dynamodb", table: resolveTable(table, log) };
}

function reasonOf(text: string): string {
  return text.startsWith(SCHEME)
    ? "a table has 3 to 255 of a-z A-Z 0-9 _ . -, a log 1 to 100 of them"
    : "a stream has 1 to 128 of a-z A-Z 0-9 _ . -";
}
