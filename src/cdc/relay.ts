/**
 * A relay: a Lambda handler that reads change records and publishes what has changed to a log of invalidations, so that
 * environments read ids and not rows. It must never answer that a record is done before the log holds what it says, nor let
 * one bad record stop those behind it: what cannot be understood, or cannot be written, is published as everything.
 */
import type { Changed } from "../core/changed.js";
import type { Clock } from "../core/clock.js";
import { type DataId, parseDataId } from "../core/data-id.js";
import { type ChangedPublisher, type InvalidationPublisher, PUBLISH_CHANGED } from "../core/publishing/invalidator.js";
import type { Invalidation, RecordDecoder } from "../core/record.js";
import { ChangeRecordError, InvalidDataIdError, PublishError } from "../errors.js";
import { type RelayEvent, type RelayRecord, recordsOf } from "./relay-event.js";
import { wholeRecord } from "./whole-record.js";

/** What Lambda is told with `ReportBatchItemFailures`: the first record that has to be given again, or none. */
export interface BatchResponse {
  batchItemFailures: { itemIdentifier: string }[];
}

export type RelayHandler = (event: RelayEvent) => Promise<BatchResponse>;

/** What came of one invocation. */
export interface RelayReport {
  /** The stream or table the records came from. */
  readonly source: string | undefined;
  readonly records: number;
  /** Ids that are known to have been published, each once, and sources published as a whole. */
  readonly ids: number;
  readonly sources: number;
  /** Records that could not be understood: each had everything published. */
  readonly notUnderstood: number;
  /** Records that Lambda is asked to give again. */
  readonly failures: number;
  /** How old the oldest record was when all was done; absent when no record says when it was written. */
  readonly lagMs: number | undefined;
}

export interface RelayPorts {
  readonly clock: Pick<Clock, "now">;
  /** Takes each invocation's report once. Must not throw. */
  report(report: RelayReport): void;
  /** Says something to whoever reads the log. Must not throw. */
  warn(message: string): void;
}

/** What of a publication the log does not hold, as far as is known. */
interface Unpublished {
  readonly ids: ReadonlySet<string>;
  readonly sources: ReadonlySet<string>;
  readonly everything: boolean;
}

/** What came of publishing. */
interface Published extends Pick<RelayReport, "ids" | "sources"> {
  /** Undefined once the log holds all of it. */
  readonly lost: Unpublished | undefined;
}

export function createRelay(decode: RecordDecoder, publisher: InvalidationPublisher, ports: RelayPorts): RelayHandler {
  let hasToldOfRecords = false;

  /** What a record says, for good: one that is not understood says everything. */
  function read(record: RelayRecord): Invalidation {
    let reason = "its decoder threw";
    const telling: RecordDecoder = (bytes) => {
      try {
        return decode(bytes);
      } catch (error) {
        // What other errors say may quote the record.
        if (error instanceof ChangeRecordError) reason = error.message;
        throw error;
      }
    };
    const said = wholeRecord(record.data, telling);
    if (said.notUnderstood !== undefined && !hasToldOfRecords) {
      hasToldOfRecords = true;
      ports.warn(
        `${nameOf(record)} was not understood, so everything was invalidated: ${reason}. Others like it are counted only`,
      );
    }
    return said;
  }

  return async (event) => {
    const records = recordsOf(event);
    const said = records.map(read);
    const union = unionOf(said);
    const { lost, ids, sources } = await publish(publisher, union, ports);
    const firstLost = lost === undefined ? -1 : firstOf(said, union, lost);
    const times = records.flatMap(({ writtenAtMs }) => writtenAtMs ?? []);
    ports.report({
      source: records.find(({ source }) => source !== undefined)?.source,
      records: records.length,
      ids,
      sources,
      notUnderstood: said.filter(({ notUnderstood }) => notUnderstood !== undefined).length,
      failures: firstLost < 0 ? 0 : records.length - firstLost,
      lagMs: times.length === 0 ? undefined : Math.max(0, ports.clock.now() - oldest(times)),
    });
    return { batchItemFailures: firstLost < 0 ? [] : [{ itemIdentifier: records[firstLost]?.sequenceNumber ?? "" }] };
  };
}

/** For whoever has to find it. What has no number came from what is no stream, so that its service tells most. */
function nameOf({ sequenceNumber, service }: RelayRecord): string {
  if (sequenceNumber !== "") return `record ${sequenceNumber}`;
  return service === undefined ? "a record without a number" : `a record without a number, of ${service},`;
}

/** Not `Math.min(...)`, which takes only so many. */
function oldest(times: readonly number[]): number {
  return times.reduce((min, time) => Math.min(min, time), Number.POSITIVE_INFINITY);
}

/** All that a batch says, each thing once; what something larger covers is left out. */
interface Union {
  /** By wire key. */
  readonly ids: ReadonlyMap<string, DataId>;
  readonly sources: ReadonlySet<string>;
  readonly all: boolean;
}

function unionOf(said: readonly Changed[]): Union {
  if (said.some(({ all }) => all)) return { ids: new Map(), sources: new Set(), all: true };
  const sources = new Set(said.flatMap((each) => each.sources));
  const ids = new Map<string, DataId>();
  for (const { keys } of said) {
    for (const key of keys) {
      const id = ids.get(key) ?? parseDataId(key);
      if (!sources.has(id.source)) ids.set(key, id);
    }
  }
  return { ids, sources, all: false };
}

/** Where a failure says nothing of what any record says, it is not known what it lost. */
function firstOf(said: readonly Changed[], union: Union, unpublished: Unpublished): number {
  return Math.max(
    0,
    said.findIndex((each) => isLost(each, union, unpublished)),
  );
}

/** Whether something that a record says is not known to be in the log. */
function isLost({ keys, sources, all }: Changed, union: Union, unpublished: Unpublished): boolean {
  if (unpublished.everything) return all || keys.length > 0 || sources.length > 0;
  if (union.all) return false;
  if (sources.some((source) => unpublished.sources.has(source))) return true;
  return keys.some((key) => unpublished.ids.has(key) || unpublished.sources.has(parseDataId(key).source));
}

async function publish(publisher: InvalidationPublisher, union: Union, ports: RelayPorts): Promise<Published> {
  const { ids, sources, all } = union;
  const isNothing = ids.size === 0 && sources.size === 0 && !all;
  const failures = isNothing ? [] : await attempt(publisher, union);
  if (failures.length === 0) return { ids: ids.size, sources: sources.size, lost: undefined };
  const lost = unpublishedOf(failures, union);
  const held = heldOf(union, lost);
  // What can never be written would come back for ever, and hold up everything behind it.
  if (!all && failures.some(isHopeless)) {
    ports.warn("an id or a source cannot be written to the log, so everything was invalidated");
    if ((await attempt(publisher, { ids: new Map(), sources: new Set(), all: true })).length === 0) {
      return { ...held, lost: undefined };
    }
  }
  ports.warn(`what has changed could not be published, and the batch will be given again: ${causeOf(failures[0])}`);
  return { ...held, lost };
}

/** What is spread over the arguments of a call must not be more than a stack holds. */
const IDS_AT_ONCE = 10_000;

/** The failures of one attempt at everything. */
async function attempt(publisher: InvalidationPublisher, { ids, sources, all }: Union): Promise<readonly unknown[]> {
  const inOne = (publisher as Partial<ChangedPublisher>)[PUBLISH_CHANGED];
  const publications: Promise<unknown>[] = [];
  const begin = (publication: () => Promise<unknown>) => publications.push(Promise.resolve().then(publication));
  if (all) begin(() => publisher.invalidateAll());
  else if (typeof inOne === "function") {
    begin(() => inOne.call(publisher, { keys: [...ids.keys()], sources: [...sources], all }));
  } else {
    const targets = [...ids.values()];
    for (let at = 0; at < targets.length; at += IDS_AT_ONCE) {
      begin(() => publisher.invalidate(...targets.slice(at, at + IDS_AT_ONCE)));
    }
    for (const source of sources) begin(() => publisher.invalidateSource(source));
  }
  const outcomes = await Promise.allSettled(publications);
  return outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
}

/** A failure that does not say what was not published may have lost all of it. */
function unpublishedOf(failures: readonly unknown[], union: Union): Unpublished {
  const errors = failures.filter((failure) => failure instanceof PublishError);
  if (errors.length < failures.length || union.all) return { ids: new Set(), sources: new Set(), everything: true };
  return {
    ids: new Set(errors.flatMap(({ ids }) => ids)),
    sources: new Set(errors.flatMap(({ sources }) => sources)),
    everything: errors.some(({ everything }) => everything),
  };
}

/** How much of it the log holds although something failed. None where the failures name nothing of it. */
function heldOf({ ids, sources }: Union, lost: Unpublished): Pick<RelayReport, "ids" | "sources"> {
  const keys = [...ids].filter(([key, { source }]) => !lost.ids.has(key) && !lost.sources.has(source));
  const whole = [...sources].filter((source) => !lost.sources.has(source));
  const isKnown = !lost.everything && keys.length + whole.length < ids.size + sources.size;
  return isKnown ? { ids: keys.length, sources: whole.length } : { ids: 0, sources: 0 };
}

/** Too long for any record, or no text that can be written: failures that are not the log's, and will not pass. */
function isHopeless(failure: unknown): boolean {
  if (failure instanceof PublishError) return isHopeless(failure.cause);
  return failure instanceof RangeError || failure instanceof InvalidDataIdError;
}

/** The message of a PublishError names ids, which are nobody's business in a log. */
function causeOf(failure: unknown): string {
  const cause = failure instanceof PublishError ? failure.cause : failure;
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : "no reason was given";
}
