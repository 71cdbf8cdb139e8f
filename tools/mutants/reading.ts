/** Breakages of how the stream is read: nothing may be skipped, and nothing taken for the tip that is not. */
import type { Mutant } from "./mutant.js";

const READER = "src/core/reader.ts";
const POLL = "src/core/poll-run.ts";
const POSITION = "src/core/position.ts";
const RECORD = "src/core/record.ts";

export const READING: readonly Mutant[] = [
  {
    name: "an empty page is taken for the tip",
    file: READER,
    search: "if (millisBehindLatest === 0) return;",
    replace: "if (millisBehindLatest === 0 || page.records.length === 0) return;",
  },
  {
    name: "the first page is taken for the tip",
    file: READER,
    search: "if (millisBehindLatest === 0) return;",
    replace: "return;",
  },
  {
    name: "an old iterator is taken anew from now on",
    file: READER,
    search: "undefined : serverTime(startMs)",
    replace: "undefined : serverTime(clock.now())",
  },
  {
    name: "the first refresh starts when it is made, not at the fence",
    file: READER,
    search: "run.listed(await list(run, sinceMs), sinceMs)",
    replace: "run.listed(await list(run, clock.now()), clock.now())",
  },
  {
    name: "shards closed since the fence are not listed",
    file: READER,
    search: "const listed = await listFrom(run, askedMs);",
    replace: "const listed = await listFrom(run, clock.now() + 60_000);",
  },
  {
    name: "only the first page of the listing is read",
    file: READER,
    search: "if (nextToken === undefined) return listed;",
    replace: "return listed;",
  },
  {
    name: "no margin is left for clocks that are wrong",
    file: READER,
    search: "timeMs - clockMarginMs - aheadMs",
    replace: "timeMs",
  },
  {
    name: "the page bound counts as caught up",
    file: READER,
    search: "      run.atTip = false;\n",
    replace: "",
  },
  {
    name: "the shards are not listed again after a long pause",
    file: POLL,
    search: "isWarm(from, startedAtMs)",
    replace: "from.shards.size > 0",
  },
  {
    name: "the children of a closed shard are not read",
    file: POLL,
    search: "return known(childIds, { takenAtMs: 0 });",
    replace: "return known([], { takenAtMs: 0 });",
  },
  {
    name: "children are read from now on, not from their beginning",
    file: POLL,
    search: "known(childIds, { takenAtMs: 0 })",
    replace: "known(childIds, { takenAtMs: 0, startMs: startedAtMs + 8_000 })",
  },
  {
    name: "only the first child of a split is read",
    file: POLL,
    search: "known(childIds, ",
    replace: "known(childIds.slice(0, 1), ",
  },
  {
    name: "a shard that failed counts as caught up",
    file: POLL,
    search: "      if (run.closed) return;\n      run.atTip = false;",
    replace: "      if (run.closed) return;",
  },
  {
    name: "a refresh cut off by its deadline counts as caught up",
    file: POLL,
    search: "const caughtUp = run.finished && run.atTip;",
    replace: "const caughtUp = run.atTip;",
  },
  {
    name: "the position is proven though it is not caught up",
    file: POLL,
    search: "const provenAtMs = caughtUp ? startedAtMs : from.provenAtMs;",
    replace: "const provenAtMs = startedAtMs;",
  },
  {
    name: "calls outlive the poll",
    file: POLL,
    search: "for (const abort of underWay) abort.abort();",
    replace: "",
  },
  {
    name: "timers outlive the poll",
    file: POLL,
    search: "      stopHalfTime();\n      stopDeadline();\n",
    replace: "",
  },
  {
    name: "what a page off the tip leaves unread is skipped when its iterator is taken anew",
    file: POSITION,
    search: "startMs: atTip ? takenAtMs : cursor.startMs",
    replace: "startMs: takenAtMs",
  },
  {
    name: "a record that cannot be understood is skipped",
    file: RECORD,
    search: "...EVERYTHING, notUnderstood:",
    replace: "...NOTHING, notUnderstood:",
  },
  {
    name: "a record of a later version is read as if it were of this one",
    file: RECORD,
    search: "must(value === RECORD_VERSION, name, value);",
    replace: "",
  },
  {
    name: "a key spelled in another way is not recognised",
    file: RECORD,
    search: "return PLAIN_KEY.test(key) ? key : parseDataId(key).toString();",
    replace: "return PLAIN_KEY.test(key) ? key : (parseDataId(key), key);",
  },
  {
    name: "field names in another case are not recognised",
    file: RECORD,
    search: 'switch (name === "keys" || name === "ts" ? name : name.toUpperCase().toLowerCase()) {',
    replace: "switch (name) {",
  },
];
