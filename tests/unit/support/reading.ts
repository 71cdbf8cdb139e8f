/** A reader over a stream in memory, every call seen and planned, for the tests of reading. It decides nothing. */

import type { Poll } from "../../../src/core/poll-run.js";
import type { Position } from "../../../src/core/position.js";
import { createStreamReader, type InvalidationReader, type ReaderOptions } from "../../../src/core/reader.js";
import { encodeRecord, type Invalidation } from "../../../src/core/record.js";
import type { CallPlan, StreamCall } from "../../../src/testing/call-plan.js";
import { ManualClock, settled } from "../../../src/testing/manual-clock.js";
import { MemoryStream, type MemoryStreamOptions } from "../../../src/testing/memory-stream.js";

export const MINUTE_MS = 60_000;
export const never = new AbortController().signal;
export const keyOf = (id: string | number) => `id=${id}&s=s&t=data.ID`;

/** A poll, and what it handed on. */
export interface Reading extends Poll {
  readonly invalidations: readonly Invalidation[];
}

/** Polls and keeps what is handed on. */
export async function pollOn(
  reader: InvalidationReader,
  from: Position,
  timeoutMs: number,
  signal = never,
  retryAfterMs = timeoutMs / 2,
): Promise<Reading> {
  const invalidations: Invalidation[] = [];
  const poll = await reader.poll(from, { timeoutMs, retryAfterMs, signal }, (one) => invalidations.push(one));
  return { ...poll, invalidations };
}

export function setUpReading(
  streamOptions: Partial<MemoryStreamOptions> = {},
  readerOptions: Partial<ReaderOptions> = {},
) {
  const clock = new ManualClock();
  const stream = new MemoryStream({ clock, ...streamOptions });
  const calls: StreamCall[] = [];
  let plan: (call: StreamCall) => CallPlan | undefined = () => undefined;
  const api = stream.connect((call) => {
    calls.push(call);
    return plan(call);
  });
  const reader = createStreamReader(api, clock, { clockMarginMs: 10_000, ...readerOptions });
  let written = 0;
  const write = (...ids: (string | number)[]) =>
    stream.put(
      ids.map((id) => ({
        data: encodeRecord({ keys: [keyOf(id)] }, 0),
        partitionKey: `${written++} ${id}`.slice(0, 30),
      })),
    );
  const poll = async (from: Position, timeoutMs = 1_000, signal = never): Promise<Reading> => {
    let poll: Reading | undefined;
    const done = pollOn(reader, from, timeoutMs, signal).then((result) => {
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
