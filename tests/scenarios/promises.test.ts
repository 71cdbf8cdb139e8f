/**
 * The promises, one test for each, which bears it as its name: through Middy, the package's own client and HTTP, on the
 * embedded Kinesis. What each rule of the protocol does for them is in the other scenarios.
 */
import { afterAll, afterEach, beforeAll, beforeEach, jest, test } from "@jest/globals";
import { type RunningEmulator, startKinesis } from "../../tools/emulators/kinesis.js";
import { openStage, type Stage } from "../support/stage.js";
import { acknowledgedMeansHeld, handlerIsUntouched, memoryIsBounded } from "./promises/keeping.js";
import { garbageIsSurvived, nothingIsSkipped, unreadMeansMissed, waitsAreBounded } from "./promises/reading.js";
import { invalidatedMeansGone, oldLoadsStayOut, stalenessIsBounded } from "./promises/serving.js";

let kinesis: RunningEmulator;
let stage: Stage;

beforeAll(async () => {
  kinesis = await startKinesis();
});
afterAll(() => kinesis.stop());
beforeEach(async () => {
  stage = await openStage(kinesis, 2);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await stage.close();
});

test("Once `invalidate(id)` has resolved, no invocation that begins later, in any environment, is served the entry cached before it. (`maxStalenessMs` 0, the default; else promise 6.)", () =>
  invalidatedMeansGone(stage));

test("A value loaded before an invalidation is never served after it, even if it is added after it.", () =>
  oldLoadsStayOut(stage));

test("When the log cannot be read in time the cache misses; it never guesses (policy `bypass`, the default).", () =>
  unreadMeansMissed(stage));

test("No invalidation is skipped: empty pages, resharding, expired iterators, freezes and long gaps are read through, or the cache is flushed.", () =>
  nothingIsSkipped(stage));

test("A record that cannot be understood never stops the reading, and never leaves a stale entry behind (the cache is flushed and the record counted).", () =>
  garbageIsSurvived(stage));

test("With `maxStalenessMs: s`, an entry is served only if, at most `s` ms before the invocation began, it was loaded or a refresh began that proved the cache caught up.", () =>
  stalenessIsBounded(stage));

test("`invalidate()` resolves only when the log holds every record; otherwise it rejects and names the ids that may not have been published. The local entry is dropped either way.", () =>
  acknowledgedMeansHeld(stage));

test("Memory is bounded, in entries and in bytes.", () => memoryIsBounded(stage));

test("A handler, its result and its error are never changed by a failure of the cache, of the log or of the metrics (policy `throw` excepted).", () =>
  handlerIsUntouched(stage));

test("With `refreshWhen` alongside or used, a `getOrAdd` takes at most as long as loading would, plus the time that reading the log was expected to take.", () =>
  waitsAreBounded(stage));
