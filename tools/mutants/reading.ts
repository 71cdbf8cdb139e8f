/** Breakages of how the stream is read: nothing may be skipped, and nothing taken for the tip that is not. */
import type { Mutant } from "./mutant.js";

const READER = "src/kinesis/reader.ts";
const COHERENCE = "src/core/coherence/coherence.ts";
const READING = "src/core/coherence/reading.ts";
const EARLY = "src/kinesis/early-iterators.ts";
const CURSOR = "src/kinesis/cursor.ts";
const SERVER_CLOCK = "src/kinesis/server-clock.ts";
const ANSWERS = "src/kinesis/answers.ts";
const RECORD = "src/core/record.ts";

export const OF_READING: readonly Mutant[] = [
  {
    name: "an empty page is taken for the tip",
    file: READER,
    search: "const atTip = millisBehindLatest === 0;",
    replace: "const atTip = millisBehindLatest === 0 || page.records.length === 0;",
  },
  {
    name: "the first page is taken for the tip",
    file: READER,
    search: "const atTip = millisBehindLatest === 0;",
    replace: "const atTip = true;",
  },
  {
    name: "an old iterator is taken anew from now on",
    file: READER,
    search: "undefined : server.timestamp(startMs)",
    replace: "undefined : server.timestamp(clock.now())",
  },
  {
    name: "the first refresh starts when it is made, not at the fence",
    file: READER,
    search: "begin(run, shardIds, cursorFrom(run.reading.sinceMs))",
    replace: "begin(run, shardIds, cursorFrom(clock.now()))",
  },
  {
    name: "iterators taken beside the listing are used though our clock turned out to be far ahead",
    file: READER,
    search: "askedTooLate(run, askedMs) ? new Map() : asked",
    replace: "asked",
  },
  {
    name: "iterators are taken beside the listing from now on",
    file: EARLY,
    search: "api.getShardIterator(shardId, fromMs, signal)",
    replace: "api.getShardIterator(shardId, clock.now(), signal)",
  },
  {
    name: "the last place's shards are not checked against the listing",
    file: READER,
    search: "const added = begin(run, shardIds, cursorFrom(run.reading.sinceMs));",
    replace:
      "const added = begin(run, asked.size > 0 ? [...asked.keys()] : shardIds, cursorFrom(run.reading.sinceMs));",
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
    file: SERVER_CLOCK,
    search: "timeMs - marginMs - aheadMs",
    replace: "timeMs",
  },
  {
    name: "the page bound counts as caught up",
    file: READER,
    search: "      reading.fellShort();\n",
    replace: "",
  },
  {
    name: "the shards are not listed again after a long pause",
    file: READER,
    search: "complete = isWarm(clock.now());",
    replace: "complete = cursors.size > 0;",
  },
  {
    name: "the children of a closed shard are not read",
    file: READER,
    search: "begin(run, childIds, cursorFrom())",
    replace: "begin(run, [], cursorFrom())",
  },
  {
    name: "children are read from now on, not from their beginning",
    file: READER,
    search: "begin(run, childIds, cursorFrom())",
    replace: "begin(run, childIds, cursorFrom(clock.now() + 8_000))",
  },
  {
    name: "only the first child of a split is read",
    file: READER,
    search: "begin(run, childIds, cursorFrom())",
    replace: "begin(run, childIds.slice(0, 1), cursorFrom())",
  },
  {
    name: "a shard that failed counts as caught up",
    file: READING,
    search: "    this.#short = true;\n    if (cause === undefined) return;",
    replace: "    if (cause === undefined) {\n      this.#short = true;\n      return;\n    }",
  },
  {
    name: "a refresh cut off by its deadline counts as caught up",
    file: READING,
    search: "const caughtUp = this.#finished && !this.#short",
    replace: "const caughtUp = !this.#short",
  },
  {
    name: "the position is proven though it is not caught up",
    file: COHERENCE,
    search: '    failed(result, abandonment);\n    return "incomplete";',
    replace: '    proven = { ...start, heldBackMs: 0 };\n    failed(result, abandonment);\n    return "incomplete";',
  },
  {
    name: "calls outlive the poll",
    file: READING,
    search: "this.#calls.abort();",
    replace: "",
  },
  {
    name: "timers outlive the poll",
    file: READING,
    search: "      stopHalfTime();\n      stopDeadline();\n",
    replace: "",
  },
  {
    name: "what a page off the tip leaves unread is skipped when its iterator is taken anew",
    file: CURSOR,
    search: "{ ...next, startMs, limit: larger }",
    replace: "{ ...next, startMs: takenAtMs, limit: larger }",
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
    search: "isWrittenKey(key) ? key : parseWholeKey(key).toString();",
    replace: "isWrittenKey(key) ? key : (parseWholeKey(key), key);",
  },
  {
    name: "a place that was lost is given up without emptying the cache",
    file: READER,
    search: "      early.forget();\n      reading.lost(error);",
    replace: "      early.forget();\n      reading.fellShort(error);",
  },
  {
    name: "P1: a clock that was set right was never wrong",
    file: SERVER_CLOCK,
    search: "aheadMs = Math.max(aheadMs, ",
    replace: "aheadMs = Math.max(0, ",
  },
  {
    name: "P1: a time of before the clock was set back is taken as it was noted",
    file: "src/core/moment.ts",
    search: "return now.atMs - ageMs(then, now);",
    replace: "return then.atMs + 0 * now.atMs;",
  },
  {
    name: "P1: the time to read from is taken by the clock of before the call",
    file: READING,
    search: "    this.#start = start;",
    replace:
      "    this.#start = start; const fixedMs = earliestMs(start.proven, { atMs: clock.now(), monotonicMs: clock.monotonic() }) - start.holdOffMs; Object.defineProperty(this, 'sinceMs', { get: () => fixedMs });",
  },
  {
    name: "P3: an answer without a lag proves the tip",
    file: ANSWERS,
    search: 'if (Records === undefined || MillisBehindLatest === undefined || !goesOn) throw incomplete("GetRecords");',
    replace: 'if (Records === undefined || !goesOn) throw incomplete("GetRecords");\n  MillisBehindLatest ??= 0;',
  },
  {
    name: "P3: an answer without records is an empty page",
    file: ANSWERS,
    search: 'if (Records === undefined || MillisBehindLatest === undefined || !goesOn) throw incomplete("GetRecords");',
    replace: 'if (MillisBehindLatest === undefined || !goesOn) throw incomplete("GetRecords");\n  Records ??= [];',
  },
  {
    name: "P3: an answer without shards ends the listing",
    file: ANSWERS,
    search: 'if (Shards === undefined) throw incomplete("ListShards");',
    replace: "if (Shards === undefined) return { shards: [] };",
  },
  {
    name: "P4: a record that names none of our fields says nothing",
    file: RECORD,
    search: "if (!isOurs) throw",
    replace: "if (record === undefined) throw",
  },
];
