/**
 * The story the demo tells before the load: one user, read and written by several environments, line by line.
 * What it prints is what came back.
 */
import type { Fleet, Member, Visit } from "./fleet.js";
import type { Terminal } from "./terminal.js";

const USER = "user-1";

export async function tellStory({ members }: Fleet, terminal: Terminal): Promise<void> {
  const [a, b, ...others] = members;
  if (a === undefined || b === undefined) throw new Error("the story needs two environments");
  const before = await line(terminal, a, "reads", "miss", "from the table");
  await line(terminal, a, "reads", "hit", "from memory; the first look at the stream takes three calls");
  await line(terminal, a, "reads", "hit", "from then on it takes one");
  await line(terminal, b, "reads", "miss", "B has a memory of its own");
  await line(terminal, b, "reads", "hit", "now both hold the same version");
  const written = await a.write(USER, "Ann the first");
  show(terminal, a, "writes", written, "saved, and told on the stream");
  if (written.version !== before.version + 1) throw new Error("the write was not acknowledged");
  for (const member of [b, a, ...others]) {
    const visit = await member.read(USER);
    show(terminal, member, "reads", visit, member === b ? "at once, the new version" : "and so does every other");
    if (visit.version !== written.version) return;
  }
}

async function line(
  terminal: Terminal,
  member: Member,
  verb: string,
  expected: string,
  remark: string,
): Promise<Visit> {
  const visit = await member.read(USER);
  // On a machine with more to do than it can, the stream may not answer in time: then every read is a miss.
  const late = visit.cache === "miss" && expected === "hit";
  show(terminal, member, verb, visit, late ? "the stream was late, so the cache was bypassed" : remark);
  return visit;
}

function show(terminal: Terminal, member: Member, verb: string, visit: Visit, remark: string): void {
  const { dim, green, yellow, red, bold } = terminal.styles;
  const style = { hit: green, miss: yellow }[visit.cache] ?? bold;
  const what = visit.stale ? red("STALE") : style((visit.cache || "saved").padEnd(5));
  const time = `${visit.durationMs.toFixed(1)} ms`.padStart(9);
  const version = `version ${visit.version}`;
  terminal.line(`  ${bold(member.name)} ${verb.padEnd(6)} ${USER}  ${what} ${time}  ${version}  ${dim(remark)}`);
}
