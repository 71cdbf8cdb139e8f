#!/usr/bin/env node
/**
 * The command line, `npx scache COMMAND`: finds the command and runs it, and turns what goes wrong into words and an exit code.
 * Only the command that is asked for is loaded, and with it the AWS client it needs, if any.
 */
import { readFileSync } from "node:fs";
import { asksForHelp, meant, WrongUsage, whereToLook } from "./cli/arguments.js";
import { type Command, NotDone } from "./cli/command.js";
import { watchOutput } from "./cli/output.js";
import { said } from "./cli/said.js";

const LOADERS: Readonly<Record<string, () => Promise<Command>>> = {
  invalidate: async () => (await import("./cli/invalidate.js")).invalidate,
  tail: async () => (await import("./cli/tail.js")).tail,
  plan: async () => (await import("./cli/plan.js")).plan,
  reset: async () => (await import("./cli/reset.js")).reset,
};
const NAMES = ["report", ...Object.keys(LOADERS)];

const USAGE = `Usage: npx scache COMMAND …

  report [FILE…|-]               does the cache pay? Reads logs, and answers
  invalidate LOG SOURCE ID…      says that data have changed, for people who have corrected some by hand
  tail LOG                       prints each invalidation as it is published
  plan --environments N …        which log for a fleet of so many environments, and at what price
  reset dynamodb:TABLE[/LOG]     begins a log in DynamoDB anew, after a restore

  LOG is a stream (my-stream, or its ARN) or a log in a DynamoDB table (dynamodb:my-table, or dynamodb:my-table/my-log).

  --help        prints this; npx scache COMMAND --help, all that a command can do
  --version     prints the version of scache

Exit code: 0; 1 if a command did not succeed; 2 if it could not run; 3 if it did its work, but standard output could not be
written, as on a full disk.
`;

const interrupted = new AbortController();
const stop = () => interrupted.abort();

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h" || name === "help") return print(USAGE);
  if (name === "--version") return print(`${version()}\n`);
  if (name === undefined) throw new WrongUsage("name a command");
  if (name === "report") {
    // A command of its own since the first version: it reads the arguments and sets the exit code itself.
    await import("./report/cli.js");
    return Number(process.exitCode ?? 0);
  }
  const load = Object.hasOwn(LOADERS, name) ? LOADERS[name] : undefined;
  if (load === undefined) throw new WrongUsage(`there is no command "${name}"${meant(name, NAMES)}`);
  const command = await load();
  if (asksForHelp(rest)) return print(command.usage);
  return run(command, rest);
}

async function run(command: Command, args: readonly string[]): Promise<number> {
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    return await command.run(args, {
      out: (text) => void process.stdout.write(`${text}\n`),
      note: (text) => void process.stderr.write(`scache: ${text}\n`),
      ended: interrupted.signal,
    });
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function version(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

watchOutput(stop);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`scache: ${said(error)}\n`);
  // The whole help would push the error out of sight.
  if (error instanceof WrongUsage)
    process.stderr.write(`${whereToLook(NAMES.find((name) => name === process.argv[2]))}\n`);
  process.exitCode = error instanceof NotDone ? 1 : 2;
}
