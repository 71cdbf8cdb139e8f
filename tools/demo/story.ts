/**
 * The story the demo tells before the load: one user, read and written by several environments, line by line. What it prints is
 * what came back. Each scene is told in the environments of one set-up; another is one more entry of `SCENES`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Fleet, Member, Visit } from "./fleet.js";
import type { Setup, SetupName } from "./setups.js";
import type { Terminal } from "./terminal.js";

const USER = "user-1";

/** What came of it, where that is more than what the oracle judges. */
export interface StoryResult {
  readonly ownWrites: OwnWrites;
}

export interface OwnWrites {
  /** A person has read, in another environment, what she had just written. */
  readonly readBack: boolean;
  /** To the log, for her to read it. */
  readonly calls: number;
  /** To the log, by the reads of others and by hers once that environment had read it. */
  readonly callsElsewhere: number;
}

interface Scene {
  readonly setup: SetupName;
  title(setup: Setup): string;
  tell(stage: Stage): Promise<Partial<StoryResult>>;
}

const SCENES: readonly Scene[] = [
  {
    setup: "dynamodb",
    title: () => "The log in DynamoDB, which every invocation reads first:",
    async tell({ a, b, others, reads, writes }) {
      await reads(a, "miss", "from the source");
      await reads(a, "hit", "from memory, once the log was read");
      await reads(b, "miss", "B has a memory of its own");
      await reads(b, "hit", "now both hold the same version");
      await writes(a, "saved, and told in the log");
      await reads(b, "miss", "at once, the new version");
      for (const other of others) await reads(other, "miss", "and so does every other");
      return {};
    },
  },
  {
    setup: "kinesis",
    title: ({ maxStalenessMs }) => `The log in Kinesis, with maxStalenessMs ${maxStalenessMs}:`,
    async tell({ a, b, setup, reads, writes }) {
      await reads(b, "miss", "from the source");
      await reads(b, "hit", "from memory: loaded a moment ago");
      await writes(a, "saved, and told in the log");
      const visit = await reads(b, "", "");
      // It need not look into the log before that: what it serves was loaded, or proven, less than the bound ago.
      if (visit.cache === "hit") await sleep(setup.maxStalenessMs);
      await reads(b, "", "");
      return {};
    },
  },
  {
    setup: "minute",
    title: ({ maxStalenessMs }) => `With maxStalenessMs ${maxStalenessMs}, and Ann, whose browser keeps a cookie:`,
    async tell({ a, b, others, reads, writes }) {
      const [c = a] = others;
      for (const member of [b, c]) await reads(member, "miss", "from the source");
      const { version, cookies } = await writes(a, "Ann's; her cookie names it in the log");
      const elsewhere = [await reads(c, "hit", (visit) => `another's: ${callsIn(visit)}`)];
      const own = await reads(b, "miss", (visit) => `Ann's: ${whose(visit, version)}, ${callsIn(visit)}`, cookies);
      elsewhere.push(await reads(b, "hit", (visit) => `Ann's again: ${callsIn(visit)}`, cookies));
      elsewhere.push(await reads(c, "hit", (visit) => `another's: ${callsIn(visit)}`));
      const callsElsewhere = elsewhere.reduce((sum, { logCalls }) => sum + logCalls, 0);
      return { ownWrites: { readBack: version > 0 && own.version >= version, calls: own.logCalls, callsElsewhere } };
    },
  },
];

/** What is said of a visit; a text is of one that went as expected. */
type Remark = string | ((visit: Visit) => string);

const callsIn = ({ logCalls }: Visit) =>
  `${logCalls === 0 ? "no" : logCalls} ${logCalls === 1 ? "call" : "calls"} to the log`;
const whose = ({ version }: Visit, written: number) => (version >= written ? "her own write" : "NOT HER OWN WRITE");

interface Stage {
  readonly setup: Setup;
  readonly a: Member;
  readonly b: Member;
  readonly others: readonly Member[];
  /** @param expected what to expect of the cache, on a machine that is not too busy; empty: either */
  reads(member: Member, expected: "hit" | "miss" | "", remark: Remark, cookies?: readonly string[]): Promise<Visit>;
  writes(member: Member, remark: string): Promise<Visit>;
}

export async function tellStory(fleets: readonly Fleet[], terminal: Terminal): Promise<StoryResult> {
  let told: Partial<StoryResult> = {};
  for (const scene of SCENES) {
    const fleet = fleets.find(({ setup }) => setup.name === scene.setup);
    if (fleet === undefined) throw new Error(`there is no set-up ${scene.setup}`);
    terminal.line(`  ${scene.title(fleet.setup)}`);
    told = { ...told, ...(await scene.tell(stageOf(fleet, terminal))) };
    terminal.line();
  }
  return { ownWrites: { readBack: false, calls: 0, callsElsewhere: 0 }, ...told };
}

function stageOf({ setup, members }: Fleet, terminal: Terminal): Stage {
  const [a, b, ...others] = members;
  if (a === undefined || b === undefined) throw new Error("the story needs two environments");
  let written = 0;
  return {
    setup,
    a,
    b,
    others,
    async reads(member, expected, remark, cookies) {
      const visit = await member.read(USER, cookies);
      show(terminal, member, "reads", visit, remarkOn(visit, expected, written, remark));
      return visit;
    },
    async writes(member, remark) {
      const visit = await member.write(USER, "Ann the first");
      written = visit.version;
      show(terminal, member, "writes", visit, visit.unacknowledged ? "saved; the log was not reached in time" : remark);
      return visit;
    },
  };
}

/** On a machine with more to do than it can, a log may not answer in time: then every read is a miss. */
function remarkOn(visit: Visit, expected: string, written: number, remark: Remark): string {
  if (visit.bypassed) return "log late: the cache was bypassed";
  if (typeof remark !== "string") return remark(visit);
  if (expected !== "") return visit.cache === expected ? remark : `where a ${expected} was expected`;
  return visit.version < written ? "not looked into the log yet, as agreed" : "looked into the log: the new version";
}

function show(terminal: Terminal, member: Member, verb: string, visit: Visit, remark: string): void {
  const { dim, green, yellow, red, bold } = terminal.styles;
  const style = { hit: green, miss: yellow }[visit.cache] ?? bold;
  const what = visit.stale ? red("STALE") : style((visit.isWrite ? "saved" : visit.cache).padEnd(5));
  const time = `${visit.durationMs.toFixed(1)} ms`.padStart(9);
  terminal.line(`  ${bold(member.name)} ${verb.padEnd(6)}  ${what} ${time}  version ${visit.version}  ${dim(remark)}`);
}
