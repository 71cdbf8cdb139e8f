/** A publisher over a stream in memory, every call seen and planned, for the tests of publishing. It decides nothing. */
import type { Clock } from "../../../src/core/clock.js";
import { dataId } from "../../../src/core/data-id.js";
import { createRecordPublisher, type Publisher } from "../../../src/core/publishing/publisher.js";
import type { RecordContent } from "../../../src/core/record.js";
import { createStreamLog } from "../../../src/kinesis/log.js";
import type { StreamApi } from "../../../src/kinesis/stream-api.js";
import type { CallPlan, StreamCall } from "../../../src/testing/call-plan.js";
import { ManualClock } from "../../../src/testing/manual-clock.js";
import { MemoryStream } from "../../../src/testing/memory-stream.js";
import { readWhole } from "../../support/read-whole.js";

export const key = (id: string) => dataId("s", id).toString();
/** Each fills a record of its own. */
export const bigKeys = (count: number) =>
  Array.from({ length: count }, (_, index) => key(`${index}-${"x".repeat(13_000)}`));

/** A publisher to the stream "orders". */
export function publisherOf(api: StreamApi, clock: Clock): Publisher {
  const random = () => 0.5;
  return createRecordPublisher(createStreamLog(api, { name: "orders", clock, random }), clock, random);
}

export function setUpPublishing(shards = 1) {
  const clock = new ManualClock();
  const stream = new MemoryStream({ clock, shards });
  const calls: (StreamCall & { readonly atMs: number })[] = [];
  let plans: (CallPlan | ((call: StreamCall) => CallPlan))[] = [];
  const api = stream.connect((call) => {
    calls.push({ ...call, atMs: clock.monotonic() });
    const plan = plans.length > 1 ? plans.shift() : plans[0];
    return typeof plan === "function" ? plan(call) : plan;
  });
  const publisher = publisherOf(api, clock);
  return {
    clock,
    stream,
    api,
    calls,
    /** What becomes of the calls to come, one after the other; the last plan stays. */
    plan: (...next: typeof plans) => (plans = next),
    publish: async (content: Partial<RecordContent>, timeoutMs = 60_000) => {
      const outcome = publisher.publish({ keys: [], ...content }, timeoutMs).then(
        (token) => ({ token, error: undefined }),
        (error: unknown) => ({ token: undefined, error }),
      );
      await clock.advance(timeoutMs);
      return outcome;
    },
    /** Every key that the stream holds, in each record that holds it. */
    held: () => stream.shards().flatMap((shard) => shard.read(0, 10_000).flatMap(({ data }) => readWhole(data).keys)),
  };
}
