/** A stream's reader over a stream in memory, every call seen and planned, for the tests of reading. It decides nothing. */

import type { Clock } from "../../../src/core/clock.js";
import { Abandonment } from "../../../src/core/coherence/abandonment.js";
import { type ReadingResult, readOn } from "../../../src/core/coherence/reading.js";
import type { LogReader } from "../../../src/core/log.js";
import { encodeRecord, type Invalidation, type RecordDecoder } from "../../../src/core/record.js";
import { createStreamReader, type StreamReaderOptions } from "../../../src/kinesis/reader.js";
import type { StreamApi } from "../../../src/kinesis/stream-api.js";
import type { CallPlan, StreamCall } from "../../../src/testing/call-plan.js";
import { ManualClock, settled } from "../../../src/testing/manual-clock.js";
import { MemoryStream, type MemoryStreamOptions } from "../../../src/testing/memory-stream.js";

export const MINUTE_MS = 60_000;
export const keyOf = (id: string | number) => `id=${id}&s=s&t=data.ID`;

/** What is proven: a stream is read from there, unless its reader knows better. */
export interface Place {
  readonly provenAtMs: number;
}

/** Nothing was read yet. */
export const fenceAt = (provenAtMs: number): Place => ({ provenAtMs });

export interface ReaderOnClock {
  readonly reader: LogReader;
  readonly clock: Clock;
  readonly decode?: RecordDecoder | undefined;
}

export function readerOf(
  api: StreamApi,
  clock: Clock,
  { decode, ...options }: StreamReaderOptions & { readonly decode?: RecordDecoder },
): ReaderOnClock {
  return { reader: createStreamReader(api, clock, options), clock, decode };
}

/** A reading, and what was read. */
export interface Reading extends ReadingResult {
  readonly invalidations: readonly Invalidation[];
  /** Why records were not understood. */
  readonly notUnderstood: readonly string[];
  readonly position: Place & { readonly lanes: number };
}

export async function pollOn(
  { reader, clock, decode }: ReaderOnClock,
  { provenAtMs }: Place,
  timeoutMs: number,
  abandonment = new Abandonment(),
  repeatAfterMs = timeoutMs / 2,
): Promise<Reading> {
  const invalidations: Invalidation[] = [];
  const notUnderstood: string[] = [];
  const startedAtMs = clock.now();
  const result = await readOn(
    reader,
    clock,
    { proven: { atMs: provenAtMs, monotonicMs: Number.POSITIVE_INFINITY }, holdOffMs: 0 },
    { timeoutMs, repeatAfterMs, abandonment },
    {
      decode,
      isOwn: () => false,
      apply: (one) => invalidations.push(one),
      read: (why) => why === undefined || notUnderstood.push(why),
      startOver: () => undefined,
    },
  );
  const position = {
    provenAtMs: result.outcome === "caught-up" ? startedAtMs : provenAtMs,
    lanes: reader.lanes,
  };
  return { ...result, invalidations, notUnderstood, position };
}

export function setUpReading(
  streamOptions: Partial<MemoryStreamOptions> = {},
  readerOptions: Partial<StreamReaderOptions & { decode: RecordDecoder }> = {},
) {
  const clock = new ManualClock();
  const stream = new MemoryStream({ clock, ...streamOptions });
  const calls: StreamCall[] = [];
  let plan: (call: StreamCall) => CallPlan | undefined = () => undefined;
  const api = stream.connect((call) => {
    calls.push(call);
    return plan(call);
  });
  const reader = readerOf(api, clock, { clockMarginMs: 10_000, ...readerOptions });
  let written = 0;
  const write = (...ids: (string | number)[]) =>
    stream.put(
      ids.map((id) => ({
        data: encodeRecord({ keys: [keyOf(id)] }, 0),
        partitionKey: `${written++} ${id}`.slice(0, 30),
      })),
    );
  const poll = async (from: Place, timeoutMs = 1_000): Promise<Reading> => {
    let poll: Reading | undefined;
    const done = pollOn(reader, from, timeoutMs).then((result) => {
      poll = result;
    });
    await settled();
    while (poll === undefined && (await clock.next()));
    await done;
    if (poll === undefined) throw new Error("the poll did not end");
    return poll;
  };
  const count = () => {
    const counts: Record<string, number> = {};
    for (const { operation } of calls.splice(0)) counts[operation] = (counts[operation] ?? 0) + 1;
    return counts;
  };
  return { clock, stream, api, calls, reader, write, poll, count, setPlan: (next: typeof plan) => (plan = next) };
}

/** The ids that were read, in order, as they are on the wire. */
export const idsOf = (poll: Pick<Reading, "invalidations">) =>
  poll.invalidations.flatMap(({ keys }) => keys).map((text) => /^id=([^&]*)/.exec(text)?.[1]);
/** The plan, for every call of one operation. */
export const on = (operation: StreamCall["operation"], given: CallPlan) => (call: StreamCall) =>
  call.operation === operation ? given : undefined;
/** The plan once, for the first call that matches. */
export const once = (matches: (call: StreamCall) => boolean, given: CallPlan) => {
  let used = false;
  return (call: StreamCall) => {
    if (used || !matches(call)) return undefined;
    used = true;
    return given;
  };
};
