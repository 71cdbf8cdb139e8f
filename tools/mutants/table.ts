/**
 * Breakages of the log in a DynamoDB table: of the five rules that its safety rests on, and of what an acknowledgement means.
 * What only keeps the hit rate (segments overwritten, trims that are not conditional on where the head begins) is not here:
 * breaking it costs a gap, and a gap empties the cache. Nor is what no simulation of time can show: a place that moves past
 * records that were cut off, which the contract suite of logs notices.
 */
import type { Mutant } from "./mutant.js";

const READER = "src/dynamodb/reader.ts";
const HEAD = "src/dynamodb/head.ts";
const LOG = "src/dynamodb/log.ts";
const GROUP = "src/dynamodb/group-commit.ts";
/** The service, which the real one is too: its conditions are part of the protocol. */
const SERVICE = "src/testing/memory-table-client.ts";

type Breakage = Omit<Mutant, "log">;

const BREAKAGES: readonly Breakage[] = [
  {
    name: "the head is read eventually",
    file: READER,
    search: 'api.getHead("strong", signal)',
    replace: 'api.getHead("eventual", signal)',
  },
  {
    name: "incarnations are not compared",
    file: HEAD,
    search: "place.incarnation === tip.incarnation && ",
    replace: "",
  },
  {
    name: "where there was no head, a new one is read from its beginning",
    file: HEAD,
    search: "return place !== undefined && place.incarnation",
    replace: "return place !== undefined && (place.incarnation ?? tip.incarnation)",
  },
  {
    name: "a place before the head is moved to where the head begins",
    file: READER,
    search: "        return catchUp(finding.head, reading);",
    replace:
      "        place = { incarnation: finding.head.incarnation, next: finding.head.first };\n        if (await take(finding.head.records, reading)) reading.behind(0);\n        return;",
  },
  {
    name: "a missing segment is passed over",
    file: READER,
    search: 'if (nextOf(place) < first) return startAnew(tipOf(head), reading, "a part of the log is missing");',
    replace: "if (place && nextOf(place) < first) place = { ...place, next: first };",
  },
  {
    name: "too far behind, the place is moved to the tip and the cache is kept",
    file: READER,
    search: "if (first - begin > MAX_CATCH_UP_RECORDS) return startAnew(tipOf(head), reading, TOO_FAR);",
    replace: "if (first - begin > 20) {\n      place = tipOf(head);\n      return;\n    }",
  },
  {
    name: "a lost place moves to the tip and the cache is kept",
    file: READER,
    search: 'reading.lost(why === undefined ? undefined : new LogFailure("lost", why));',
    replace: "void why;",
  },
  {
    name: "the place moves past a record that comes after it",
    file: READER,
    search: "next: from.next + taken }",
    replace: "next: from.next + taken + (taken > 0 ? 1 : 0) }",
  },
  {
    name: "a reader is placed after the tip of its answer",
    file: HEAD,
    search: "next: head.first + head.records.length }",
    replace: "next: head.first + head.records.length + 1 }",
  },
  {
    name: "loads that began before the place was taken are stored",
    file: READER,
    search: "        reading.placed();\n",
    replace: "",
  },
  {
    name: "a head of a later version is read like this one's",
    file: HEAD,
    search: 'return { kind: "unreadable", why: head.unreadable };',
    replace: 'return { kind: "on", records: [] };',
  },
  {
    name: "a record is told as written before it is",
    file: LOG,
    search: "const head = await api.append(records, newIncarnation(), signal);",
    replace:
      'answered(records.map(() => ({ written: true, at: "" })));\n      const head = await api.append(records, newIncarnation(), signal);',
  },
  {
    name: "a record whose append failed is told as written",
    file: LOG,
    search: "answered(records.map(() => ({ written: false, failure })));",
    replace: 'answered(records.map(() => ({ written: true, at: "" })));',
  },
  {
    name: "a record that was given up is told as written",
    file: GROUP,
    search: "fate ?? givenUp()",
    replace: 'fate ?? ({ written: true, at: "" } as const)',
  },
  {
    name: "records that wait for the next append are forgotten",
    file: GROUP,
    search: "queue = queue.slice(count);",
    replace:
      'for (const { caller, index } of queue.slice(count)) caller.fates[index] = { written: true, at: "" };\n      for (const { caller } of queue.slice(count)) if (--caller.open === 0) caller.leave();\n      queue = [];',
  },
  {
    name: "beginning anew keeps the incarnation",
    file: SERVICE,
    search: "records: [], first: 0, incarnation: fresh }",
    replace: "records: [], first: 0, incarnation: seen }",
  },
  {
    name: "beginning anew has no condition, and may be repeated",
    file: SERVICE,
    search: "isOurs(head, seen) ? { ...head, records: [], first: 0, incarnation: fresh } : undefined",
    replace: "({ ...head, records: [], first: 0, incarnation: fresh })",
  },
  {
    name: "a trim takes out records and does not count them",
    file: SERVICE,
    search: "first: first + count, records: head.records.slice(count)",
    replace: "first, records: head.records.slice(count)",
  },
  {
    name: "a trim takes out one more than it counts",
    file: SERVICE,
    search: "records: head.records.slice(count) }",
    replace: "records: head.records.slice(count + 1) }",
  },
  {
    name: "an append replaces what the head held",
    file: SERVICE,
    search: "records: [...(head?.records ?? []), ...records]",
    replace: "records: [...records]",
  },
];

export const OF_THE_TABLE: readonly Mutant[] = BREAKAGES.map((breakage) => ({ ...breakage, log: "dynamodb" }));
