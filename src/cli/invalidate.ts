/**
 * `npx scache invalidate`: says that data have changed, as a writer would have. It asks nothing, since an invalidation too many
 * costs only misses; it ends with 0 only when the log holds every record.
 */
import { type Changed, changedData, changedSource, EVERYTHING, NOTHING } from "../core/changed.js";
import { systemClock, systemRandom } from "../core/clock.js";
import { dataId, parseDataId } from "../core/data-id.js";
import type { Appended, InvalidationLog } from "../core/log.js";
import { createRecordPublisher } from "../core/publishing/publisher.js";
import { readToken } from "../dynamodb/token.js";
import { InvalidDataIdError, PublishError } from "../errors.js";
import { numberOf, readArguments, WrongUsage } from "./arguments.js";
import { type Command, NotDone } from "./command.js";
import { idsIn } from "./ids-in.js";
import { LOG_USAGE, type LogName, readLogName } from "./log-name.js";
import { CONNECTION_KINDS, CONNECTION_USAGE, type Connection, openLog } from "./open-log.js";
import { changesInWords } from "./record-text.js";
import { said } from "./said.js";

const USAGE = `Usage: npx scache invalidate LOG SOURCE ID… [options]
       npx scache invalidate LOG --source SOURCE… [options]
       npx scache invalidate LOG --all [options]

Says that data have changed, once you have changed them by hand: every environment that has cached them drops them. Prints
a token that names what was written (see refresh({ covers })).

${LOG_USAGE}
  SOURCE ID…          data of one source by their ids, as in dataId("db.users.id", "12345"); in place of the ids, -
                      reads them from standard input, one a line, without the blanks around them
  --source SOURCE     everything of a source; may be given several times
  --all               everything

${CONNECTION_USAGE}
  --timeout SECONDS   how long to go on trying (10)
  --json              prints one JSON object

For example
  npx scache invalidate my-stream db.users.id 12345 67890
  npx scache invalidate dynamodb:my-table/users --source db.users.id

Exit code: 0 when the log holds all of it; 1 when it may not, and which; 2 if it could not run; 3 when the log holds all of
it, but standard output could not be written.
`;

export interface InvalidateSettings {
  readonly log: LogName;
  readonly connection: Connection;
  readonly timeoutMs: number;
  readonly json: boolean;
  /** `stdin`: the ids of this source, from standard input. */
  readonly what: Changed | { readonly stdin: string };
}

/** @throws WrongUsage */
export function readInvalidate(args: readonly string[]): InvalidateSettings {
  const kinds = { ...CONNECTION_KINDS, source: "values", all: "flag", timeout: "value", json: "flag" } as const;
  const { options, positionals } = readArguments(args, kinds);
  const [log, ...named] = positionals;
  return {
    log: readLogName(log),
    connection: options,
    timeoutMs: 1_000 * numberOf("timeout", options.timeout ?? "10", { min: 1, max: 900 }),
    json: options.json,
    what: whatOf(named, options.source, options.all),
  };
}

function whatOf(named: readonly string[], sources: readonly string[], all: boolean): InvalidateSettings["what"] {
  const ways = [named.length > 0, sources.length > 0, all].filter(Boolean).length;
  if (ways === 0) throw new WrongUsage("say what has changed: SOURCE ID…, --source SOURCE, or --all");
  if (ways > 1) throw new WrongUsage("say what has changed in one way: SOURCE ID…, --source SOURCE, or --all");
  if (all) return EVERYTHING;
  try {
    if (sources.length > 0)
      return { ...NOTHING, sources: [...new Set(sources.flatMap((one) => changedSource(one).sources))] };
    return dataOf(named);
  } catch (error) {
    if (error instanceof InvalidDataIdError) throw new WrongUsage(said(error));
    throw error;
  }
}

function dataOf([source = "", ...ids]: readonly string[]): InvalidateSettings["what"] {
  if (source === "") throw new WrongUsage("the source is empty");
  if (ids.length === 0) throw new WrongUsage(withoutIds(source));
  if (ids.includes("")) throw new WrongUsage("an id is empty");
  if (ids.includes("-")) {
    if (ids.length > 1) throw new WrongUsage("- stands in place of the ids, and not beside them");
    return { stdin: source };
  }
  return changedData(ids.map((id) => dataId(source, id)));
}

/** Perhaps it is the key of a record, as a log or a decoder shows it. */
function withoutIds(source: string): string {
  try {
    const id = parseDataId(source);
    return `that is the key of a datum: write ${JSON.stringify(id.source)} ${JSON.stringify(id.id)}`;
  } catch {
    return `name the ids of "${source}" that have changed, or say --source "${source}" for all of them`;
  }
}

export const invalidate: Command = {
  usage: USAGE,

  async run(args, { out, note }) {
    const { log: name, connection, timeoutMs, json, what } = readInvalidate(args);
    const changed = "stdin" in what ? await fromStandardInput(what.stdin) : what;
    const open = await openLog(name, connection);
    const log = open.log();
    try {
      const { watched, hasBegun } = watching(log);
      const token = await createRecordPublisher(watched, systemClock, systemRandom).publish(changed, timeoutMs);
      out(json ? JSON.stringify({ log: log.name, token, ...changed }) : token);
      note(`published to ${log.label}: ${counted(changed)}`);
      if (hasBegun())
        note(
          "that was the first record of this log: it is new, or was begun anew; if neither was meant, check its name",
        );
      return 0;
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      if (json) out(JSON.stringify({ unpublished: { ids: error.ids, sources: error.sources, all: error.everything } }));
      throw new NotDone(notPublished(log.label, error));
    } finally {
      open.close();
    }
  },
};

/** A misspelt log in a table is made by its first record, and nobody reads it: its number in the table tells. */
function watching(log: InvalidationLog): { readonly watched: InvalidationLog; hasBegun(): boolean } {
  let hasBegun = false;
  const isFirst = (one: Appended) => one.written && readToken(log.tokenFor([one.at]))?.number === 0;
  return {
    hasBegun: () => hasBegun,
    watched: {
      ...log,
      async append(records, signal) {
        const outcomes = await log.append(records, signal);
        hasBegun ||= outcomes.some(isFirst);
        return outcomes;
      },
    },
  };
}

/** What it was, why, and what to do. An error's own text speaks of its fields, which nobody at a terminal can look at. */
function notPublished(label: string, { ids, sources, everything, cause }: PublishError): string {
  const what = changesInWords(ids.map(parseDataId), sources, everything);
  return `this may not have been published to ${label}: ${what}. The reason: ${said(cause)}`;
}

async function fromStandardInput(source: string): Promise<Changed> {
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(piece);
  const ids = idsIn(Buffer.concat(pieces));
  if (ids.length === 0) throw new WrongUsage("standard input names no id");
  return changedData(ids.map((id) => dataId(source, id)));
}

function counted({ keys, sources, all }: Changed): string {
  if (all) return "everything has changed";
  if (sources.length > 0) return `everything of ${sources.join(", ")} has changed`;
  return keys.length === 1 ? "1 datum has changed" : `${keys.length.toLocaleString("en-US")} data have changed`;
}
