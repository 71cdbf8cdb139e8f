import { expect, test } from "@jest/globals";
import { dataId } from "../../../../src/core/data-id.js";
import { Dice } from "../../../simulation/dice.js";
import { Rig } from "../../support/rig.js";

const SOURCES = 10;
const GRACE_MS = 10_000;

interface Run {
  readonly counted: number;
  readonly named: readonly string[];
  readonly hits: number;
  readonly audits: number;
}

/**
 * An environment that asks for ten sources again and again, while each of them changes by itself: it publishes within the
 * grace, in any order with the change, except for one where `silent` says which. Loads take their time, so that writes fall
 * within them, and one source in some runs returns something else each time.
 */
async function run(schedule: number, share: number, silent: number | undefined, rounds: number): Promise<Run> {
  const dice = Dice.forSchedule(20261128, schedule);
  const rig = new Rig({ auditShare: share, auditGraceMs: GRACE_MS }, 1, dice.fork().next);
  const versions = Array.from({ length: SOURCES }, () => 0);
  const signed = dice.chance(0.3) ? dice.int(0, SOURCES - 1) : -1;
  const waiting: { atMs: number; source: number }[] = [];
  let loads = 0;
  const id = (source: number) => dataId<string>(`source ${source}`, "1");
  const publishDue = () => {
    const nowMs = rig.clock.now();
    for (const one of waiting.filter(({ atMs }) => atMs <= nowMs)) {
      waiting.splice(waiting.indexOf(one), 1);
      rig.elsewhere.invalidates(id(one.source));
    }
  };
  const write = () => {
    const source = dice.int(0, SOURCES - 1);
    versions[source] = (versions[source] ?? 0) + 1;
    if (source !== silent) waiting.push({ atMs: rig.clock.now() + dice.int(0, GRACE_MS - 1), source });
  };
  const load = async (source: number) => {
    const value = `${source} ${versions[source]} ${source === signed && source !== silent ? loads++ : ""}`;
    if (dice.chance(0.2)) write();
    return value;
  };
  let [counted, hits, audits] = [0, 0, 0];
  for (let round = 0; round < rounds; round++) {
    await rig.clock.advance(dice.wide(1, 20_000));
    publishDue();
    const invocation = await rig.invocation();
    for (let i = 0; i < SOURCES; i++) if (dice.chance(0.6)) await invocation.cache.getOrAdd(id(i), () => load(i));
    if (dice.chance(0.5)) write();
    publishDue();
    await invocation.audit();
    const report = invocation.end();
    counted += report?.inconsistentReads ?? 0;
    hits += report?.hits ?? 0;
    audits += report?.audits ?? 0;
  }
  const inconsistent = rig.notices.advice.filter(([message]) => message.includes("was served"));
  return { counted, hits, audits, named: inconsistent.map(([, { source }]) => String(source)) };
}

const RUNS = Number(process.env.AUDIT_RUNS ?? 30);

test("where all publish within the grace, nothing is ever condemned", async () => {
  let audits = 0;
  for (let schedule = 0; schedule < RUNS; schedule++) {
    const result = await run(schedule, 1, undefined, 40);
    audits += result.audits;
    expect([schedule, result.counted, result.named]).toEqual([schedule, 0, []]);
  }
  expect(audits).toBeGreaterThan(10 * RUNS);
  if (process.env.AUDIT_RUNS) console.info(JSON.stringify({ runs: RUNS, audits, falseAlarms: 0 }));
}, 600_000);

test("one source of ten that does not publish is found, it alone, at each share", async () => {
  const figures: Record<string, unknown>[] = [];
  for (const share of [1, 0.2]) {
    let [found, others] = [0, 0];
    const runs = Math.ceil(RUNS / 4);
    for (let schedule = 0; schedule < runs; schedule++) {
      const silent = schedule % SOURCES;
      const { named } = await run(schedule, share, silent, 150);
      if (named.includes(`source ${silent}`)) found++;
      others += named.filter((name) => name !== `source ${silent}`).length;
    }
    figures.push({ share, runs, found, others });
    expect(others).toBe(0);
    expect(found / runs).toBeGreaterThan(share === 1 ? 0.95 : 0.8);
  }
  if (process.env.AUDIT_RUNS) console.info(JSON.stringify(figures));
}, 600_000);
