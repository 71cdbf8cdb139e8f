/**
 * An invalidation log in a DynamoDB table. An append is one unconditional update of one item, the head: once it is
 * acknowledged, every later strong read of the head shows it, and no clock is part of that.
 *
 * It must never make an append depend on making room in the head, nor tell of a record as written before the table has
 * acknowledged it.
 */
import { type Clock, type Random, within } from "../core/clock.js";
import { type Appended, type InvalidationLog, LogFailure } from "../core/log.js";
import { coarsened } from "../core/publishing/coarsening.js";
import { createGroupCommit } from "./group-commit.js";
import { type Place, tipOf } from "./head.js";
import { createTableReader } from "./reader.js";
import { createReliever, SEGMENT_LIFE_MS } from "./relief.js";
import { type Head, isReadable, type TableApi, type UnreadableHead } from "./table-api.js";
import type { TableRef } from "./table-ref.js";
import { placeOf, tokenOf } from "./token.js";
import { TRIMMING_WHEN_THROTTLED, type Trimming, trimmingAt } from "./trimming.js";

export interface TableLogDeps {
  readonly api: TableApi;
  readonly table: Pick<TableRef, "name" | "log">;
  readonly clock: Clock;
  readonly random: Random;
  /** A fresh one each time: 16 random hex digits or more. */
  readonly newIncarnation: () => string;
  /** How large the head may get, if not as large as is best at the rate of records. */
  readonly trimming?: Trimming;
  /** Told why room could not be made in the head: nobody waits for that, but readers will pay for it. */
  readonly onReliefFailure?: (failure: LogFailure) => void;
}

/** What DynamoDB bills as one unit: a head of full records is four of them. */
const RECORD_BYTES = 1_024;
/** One id may be longer than that, but not so long that it fills the head. */
const MAX_RECORD_BYTES = 4_096;
/** Some two hundred ids. What is longer would fill the head, which every reader pays for at every reading. */
const PUBLICATION_LIMITS = { maxRecordBytes: MAX_RECORD_BYTES, maxPublicationBytes: 8_192 };
/** One full record, or what fits in its place: so that several writers at once do not fill the head before room is made. */
const MAX_APPEND_BYTES = 1_024;
/** Lambda freezes after the answer, so the publication waits until room has been made, but no longer than this. */
const RELIEF_MS = 500;
/** Long enough to say something about a second. */
const RATE_OVER_MS = 500;
const DONE = () => true;
/** How long throttled appends keep the head small. */
const THROTTLED_LATELY_MS = 60_000;

export function createTableLog(deps: TableLogDeps): InvalidationLog {
  const { api, table, clock, random, newIncarnation, trimming, onReliefFailure } = deps;
  const reliever = createReliever({ api, clock, random, newIncarnation });
  const group = createGroupCommit(clock, random, MAX_APPEND_BYTES, commit);
  const rate = createRate(clock);
  let throttledAtMs = Number.NEGATIVE_INFINITY;

  async function commit(
    records: readonly Uint8Array[],
    signal: AbortSignal,
    answered: (fates: readonly Appended[]) => void,
  ): Promise<"throttled" | "done"> {
    try {
      const head = await api.append(records, newIncarnation(), signal);
      if (head === "full") {
        // Begun anew first, so that the next attempt finds room.
        await relieved((abort) => reliever.whenFull(abort), signal);
        answered(records.map(full));
        return "done";
      }
      answered(fatesOf(records, head));
      if (!isReadable(head)) return "done";
      rate.saw(head);
      await relieved((abort) => reliever.after(head, records.length, currentTrimming(), abort), signal);
      return "done";
    } catch (error) {
      const failure = seen(error);
      answered(records.map(() => ({ written: false, failure })));
      return failure.kind === "throttled" ? "throttled" : "done";
    }
  }

  function currentTrimming(): Trimming {
    const isThrottled = Math.abs(clock.now() - throttledAtMs) < THROTTLED_LATELY_MS;
    return isThrottled ? TRIMMING_WHEN_THROTTLED : (trimming ?? trimmingAt(rate.recordsPerSecond));
  }

  /** Makes room, within its time. Never rejects. */
  async function relieved(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const abort = new AbortController();
    try {
      const isDone = await within(clock, RELIEF_MS, work(abort.signal).then(DONE), signal);
      if (!isDone) abort.abort();
    } catch (error) {
      const failure = seen(error);
      if (!signal.aborted) onReliefFailure?.(failure);
    }
  }

  function seen(error: unknown): LogFailure {
    const failure =
      error instanceof LogFailure ? error : new LogFailure("unavailable", String(error), { cause: error });
    if (failure.kind === "throttled") throttledAtMs = clock.now();
    return failure;
  }

  return {
    name: `${table.name}/${table.log}`,
    label: `log "${table.log}" in table "${table.name}"`,
    keepsMs: SEGMENT_LIFE_MS,
    recordBytes: RECORD_BYTES,
    maxRecordBytes: MAX_RECORD_BYTES,
    coarsened: (content) => coarsened(content, PUBLICATION_LIMITS),
    // A third of an ordinary record: so many more fit into the head, and so many fewer readers need a second call.
    stampsRecords: false,

    async append(records, signal) {
      const isTooLarge = (record: Uint8Array) => record.byteLength > MAX_RECORD_BYTES;
      const fates = (
        await group.append(
          records.filter((record) => !isTooLarge(record)),
          signal,
        )
      ).values();
      return records.map((record) => (isTooLarge(record) ? tooLarge() : (fates.next().value ?? full())));
    },

    tokenFor: tokenOf,
    open: () => createTableReader(api, clock),
  };
}

/** How many records a second all environments write, as the numbers in the answers to our own appends tell. */
function createRate(clock: Clock) {
  let since: { readonly tip: Place; readonly atMs: number } | undefined;
  let recordsPerSecond = 0;
  return {
    get recordsPerSecond() {
      return recordsPerSecond;
    },

    saw(head: Head): void {
      const seen = { tip: tipOf(head), atMs: clock.now() };
      const before = since?.tip.incarnation === seen.tip.incarnation ? since : undefined;
      const records = before === undefined ? 0 : seen.tip.next - before.tip.next;
      const elapsedMs = before === undefined ? 0 : seen.atMs - before.atMs;
      // A clock that was set back begins anew.
      if (records > 0 && elapsedMs >= 0 && elapsedMs < RATE_OVER_MS) return;
      if (records > 0 && elapsedMs > 0) recordsPerSecond = (records / elapsedMs) * 1_000;
      since = seen;
    },
  };
}

function fatesOf(records: readonly Uint8Array[], head: Head | UnreadableHead): Appended[] {
  // A head of a later version holds them all the same; only their numbers are not known.
  if (!isReadable(head)) return records.map(() => ({ written: true, at: "" }));
  const { incarnation, first } = head;
  const begin = first + head.records.length - records.length;
  return records.map((_, index) => ({ written: true, at: placeOf({ incarnation, number: begin + index }) }));
}

function full(): Appended {
  const failure = new LogFailure("unavailable", "the head of the log can hold no more", {
    remedy: "allow writers dynamodb:UpdateItem, PutItem and GetItem, or begin the log anew: npx scache reset",
  });
  return { written: false, failure };
}

function tooLarge(): Appended {
  const message = `a record of a log in DynamoDB has at most ${MAX_RECORD_BYTES} bytes`;
  return { written: false, failure: new LogFailure("refused", message) };
}
