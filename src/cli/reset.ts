/**
 * `npx scache reset`: begins a log in DynamoDB anew, after its table was restored from a backup. Readers then find another
 * log in its place, and empty their caches. It never resets what it has not looked at.
 */
import { newNonce, systemClock } from "../core/clock.js";
import { LogFailure } from "../core/log.js";
import { HEAD_VERSION, isReadable, type TableApi } from "../dynamodb/table-api.js";
import { readArguments, WrongUsage } from "./arguments.js";
import { type Command, NotDone } from "./command.js";
import { readLogName } from "./log-name.js";
import { CONNECTION_KINDS, CONNECTION_USAGE, openTable } from "./open-log.js";
import { said } from "./said.js";

const USAGE = `Usage: npx scache reset dynamodb:TABLE[/LOG] [options]

Begins a log in DynamoDB anew: run it after its table was restored from a backup, since nobody can know then what was
written after the backup. Every environment empties its cache at its next reading; nothing else is lost. The log is
changed only if it is still the one that was looked at, so running it twice does no harm.

${CONNECTION_USAGE}
  --json              prints one JSON object

Exit code: 0 when the log is a new one; 1 when it is not, and why; 2 if it could not run.
`;

/** What came of it. */
export type ResetOutcome =
  | "begun anew"
  /** By somebody else, in the same moment, or by an attempt of ours whose answer was lost. */
  | "begun anew already"
  /** The first record will make it, a new one. */
  | "not there";

const ATTEMPTS = 4;
const TIMEOUT_MS = 3_000;
const PAUSE_MS = 250;

/** @throws NotDone, LogFailure */
export async function resetLog(api: TableApi, freshIncarnation: () => string): Promise<ResetOutcome> {
  const head = await insisting((signal) => api.getHead("strong", signal));
  if (head === undefined) return "not there";
  if (!isReadable(head)) {
    throw new NotDone(
      `the log is not one that this version of scache may reset (it knows version ${HEAD_VERSION}): ${head.unreadable}`,
    );
  }
  const { incarnation } = head;
  const reset = await insisting((signal) => api.reset(incarnation, freshIncarnation(), signal));
  if (reset === "reset") return "begun anew";
  const now = await insisting((signal) => api.getHead("strong", signal));
  if (now === undefined || (isReadable(now) && now.incarnation !== incarnation)) return "begun anew already";
  throw new NotDone("the log was changed in the same moment by a later version of scache: look at it, and try again");
}

/** A conditional write may be repeated: if the first one was carried out after all, the second one finds another log. */
async function insisting<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(AbortSignal.timeout(TIMEOUT_MS));
    } catch (error) {
      const mayPass = error instanceof LogFailure && (error.kind === "unavailable" || error.kind === "throttled");
      if (!mayPass || attempt === ATTEMPTS) throw error;
    }
    await new Promise<void>((resolve) => systemClock.after(PAUSE_MS * attempt, resolve));
  }
}

export const reset: Command = {
  usage: USAGE,

  async run(args, { out }) {
    const { options, positionals } = readArguments(args, { ...CONNECTION_KINDS, json: "flag" } as const);
    const [text, ...rest] = positionals;
    if (rest.length > 0) throw new WrongUsage("one log at a time");
    const name = readLogName(text);
    if (name.kind === "kinesis") {
      throw new WrongUsage(`"${text}" is a stream, which nobody restores; a log in DynamoDB is dynamodb:TABLE[/LOG]`);
    }
    const open = await openTable(name.table, options);
    const { label } = open.log();
    try {
      const outcome = await resetLog(open.api, newNonce);
      out(options.json ? JSON.stringify({ log: open.log().name, outcome }) : SAID[outcome](label));
      return 0;
    } catch (error) {
      if (error instanceof LogFailure) throw new NotDone(`${label} was not reset: ${said(error)}`);
      throw error;
    } finally {
      open.close();
    }
  },
};

const SAID: Readonly<Record<ResetOutcome, (label: string) => string>> = {
  "begun anew": (label) => `${label} is begun anew: environments empty their caches at their next reading`,
  "begun anew already": (label) => `${label} was begun anew in the same moment, by somebody else or by a call repeated`,
  "not there": (label) => `there is no ${label} to reset: the first invalidation makes a new one`,
};
