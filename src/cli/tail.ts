/** `npx scache tail`: prints each invalidation as it is published, one line a record, until Ctrl-C. It changes nothing, and reads gently. */
import { systemClock } from "../core/clock.js";
import { LogFailure } from "../core/log.js";
import { numberOf, readArguments, WrongUsage } from "./arguments.js";
import { type Command, NotDone, type Terminal } from "./command.js";
import { follow } from "./follow.js";
import { LOG_USAGE, type LogName, readLogName } from "./log-name.js";
import { CONNECTION_KINDS, CONNECTION_USAGE, type Connection, type OpenLog, openLog } from "./open-log.js";
import { lineOf, toldBy } from "./record-text.js";
import { said } from "./said.js";

const USAGE = `Usage: npx scache tail LOG [options]

Prints each invalidation as it is published, one line a record: when, and what has changed; "not understood", and why, of a
record that makes every reader empty its cache. Ends with Ctrl-C.

${LOG_USAGE}

${CONNECTION_USAGE}
  --for SECONDS       ends by itself
  --json              one JSON object a line

It takes one of the five GetRecords a second that a shard answers to all its readers together (each shard, so a fleet at
that limit will notice), or one read unit or two a second of a table.

Exit code: 0; 1 when the log cannot be read; 2 if it could not run.
`;

export interface TailSettings {
  readonly log: LogName;
  readonly connection: Connection;
  readonly forMs: number | undefined;
  readonly json: boolean;
}

/** @throws WrongUsage */
export function readTail(args: readonly string[]): TailSettings {
  const kinds = { ...CONNECTION_KINDS, for: "value", json: "flag" } as const;
  const { options, positionals } = readArguments(args, kinds);
  const [log, ...rest] = positionals;
  if (rest.length > 0) throw new WrongUsage("one log at a time");
  const seconds = options.for === undefined ? undefined : numberOf("for", options.for, { min: 0.1, max: 86_400 });
  return {
    log: readLogName(log),
    connection: options,
    forMs: seconds === undefined ? undefined : 1_000 * seconds,
    json: options.json,
  };
}

export const tail: Command = {
  usage: USAGE,

  async run(args, terminal) {
    const { log, connection, forMs, json } = readTail(args);
    const open = await openLog(log, connection);
    const end = new AbortController();
    const stop = () => end.abort();
    terminal.ended.addEventListener("abort", stop);
    const cancel = forMs === undefined ? () => undefined : systemClock.after(forMs, stop);
    try {
      terminal.note(`following ${open.log().label}, ${costOf(open)}`);
      await follow(open, systemClock, end.signal, {
        record: (data) => print(data, json, terminal),
        note: terminal.note,
      });
      return 0;
    } catch (error) {
      if (error instanceof LogFailure) throw new NotDone(`${open.log().label} cannot be read: ${said(error)}`);
      throw error;
    } finally {
      cancel();
      open.close();
    }
  },
};

function print(data: Uint8Array, json: boolean, { out }: Terminal): void {
  const told = toldBy(data, systemClock.now());
  out(json ? JSON.stringify(told) : lineOf(told));
}

const costOf = ({ kind }: OpenLog): string =>
  kind === "kinesis"
    ? "with one of the five reads a second that each shard allows"
    : "with one strong read of its head a second";
