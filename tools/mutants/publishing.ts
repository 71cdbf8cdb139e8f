/** Breakages of publishing: resolved means written, and rejected says what may not be. */
import type { Mutant } from "./mutant.js";

const PUBLISHER = "src/core/publishing/publisher.ts";
const PUBLICATIONS = "src/core/invocation/publications.ts";
const LOG = "src/kinesis/log.ts";
const BATCHING = "src/core/publishing/batching.ts";

export const PUBLISHING: readonly Mutant[] = [
  {
    name: "partial failure counts as success",
    file: PUBLISHER,
    search: "return !outcome?.written;",
    replace: "return outcomes.every((each) => !each.written);",
  },
  {
    name: "a lost answer counts as success",
    file: LOG,
    search: 'return request.map(() => failed("PutRecords was not answered"));',
    replace: 'return request.map(() => ({ written: true, at: "0/0" }));',
  },
  {
    name: "invalidate resolves before it is acknowledged",
    file: PUBLICATIONS,
    search: "const token = await publisher.publish(changed, publishLimitMs(remainingMs));",
    replace:
      'publisher.publish(changed, publishLimitMs(remainingMs)).catch(() => {});\n      const token = await Promise.resolve("token");',
  },
  {
    name: "a rejection does not name the ids",
    file: PUBLISHER,
    search: "const ids = keys.filter((key) => coarsest || named.has(key) || isWhole(key));",
    replace: "const ids: string[] = [];",
  },
  {
    name: "giving up counts as success",
    file: PUBLISHER,
    search: "if (final || attempts === MAX_ATTEMPTS || endsNow) {",
    replace: 'if (attempts === MAX_ATTEMPTS || endsNow) return "";\n        if (final) {',
  },
  {
    name: "an order to drop all is not published",
    file: BATCHING,
    search: "if (all) seal({ keys: [], all: true });",
    replace: "",
  },
  {
    name: "sources are not published",
    file: BATCHING,
    search: "for (const part of split(sources, recordBytes)) seal({ keys: [], sources: part });",
    replace: "",
  },
  {
    name: "a call to publish outlives its deadline",
    file: LOG,
    search: "      abort.abort();\n",
    replace: "",
  },
];
