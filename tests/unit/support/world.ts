/**
 * A stream in memory, a clock moved by hand, and environments over them: what the tests of the protocol's upper half are
 * played with. Faults are set as the plan of the calls to come. It decides nothing.
 */
import { createEnvironment } from "../../../src/core/environment.js";
import { encodeRecord, type RecordContent } from "../../../src/core/invalidation-record.js";
import type { Invocation } from "../../../src/core/invocation.js";
import type { Notices } from "../../../src/core/notices.js";
import { resolveOptions, type ScacheOptions } from "../../../src/options.js";
import type { CallPlan, StreamCall } from "../../../src/testing/call-plan.js";
import { ManualClock, settled } from "../../../src/testing/manual-clock.js";
import { MemoryStream, type MemoryStreamOptions } from "../../../src/testing/memory-stream.js";

/** What becomes of a call, by a plan or by a look at the call. */
export type Plan = CallPlan | ((call: StreamCall) => CallPlan | undefined);

export function createWorld(streamOptions: Partial<MemoryStreamOptions> = {}) {
  const clock = new ManualClock();
  const stream = new MemoryStream({ clock, ...streamOptions });

  /** One environment, the calls it has made, and what it has said. */
  function environment(options: ScacheOptions = {}) {
    let plan: Plan = {};
    const calls: StreamCall[] = [];
    const said: string[] = [];
    const notices: Notices = {
      troubleStarted: (kind, detail) => said.push(`${kind}: ${detail.reason}`),
      troubleEnded: (kind) => said.push(`${kind} ended`),
      debug: (message) => said.push(`debug: ${message}`),
    };
    const api = stream.connect((call) => {
      calls.push(call);
      return typeof plan === "function" ? plan(call) : plan;
    });
    const core = createEnvironment({
      stream: api,
      streamName: "stream",
      clock,
      random: () => 0.5,
      options: resolveOptions(options),
      notices,
    });
    const begin = (remainingMs = 60_000): Invocation => {
      const endsAt = clock.now() + remainingMs;
      return core.begin({ remainingMs: () => endsAt - clock.now() });
    };
    return {
      api,
      calls,
      said,
      begin,
      setPlan: (next: Plan) => (plan = next),
      /** How often each operation was called since the last look. */
      countCalls: () => {
        const counts: Partial<Record<StreamCall["operation"], number>> = {};
        for (const { operation } of calls.splice(0)) counts[operation] = (counts[operation] ?? 0) + 1;
        return counts;
      },
      /** Begins an invocation and lets it catch up, time passing if it must. */
      started: async (remainingMs?: number): Promise<Invocation> => {
        const invocation = begin(remainingMs);
        const caughtUp = invocation.catchUp();
        await settled();
        while (!(await isSettled(caughtUp))) await clock.next();
        await caughtUp;
        return invocation;
      },
    };
  }

  let written = 0;

  /** Another writer's record, acknowledged by the stream. */
  function publish(content: Partial<RecordContent>): void {
    write(encodeRecord({ keys: [], ...content }, clock.now()));
  }

  function write(data: Uint8Array): void {
    stream.put([{ data, partitionKey: `key ${written++}` }]);
  }

  return { clock, stream, environment, publish, write };
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  promise.then(
    () => (done = true),
    () => (done = true),
  );
  await settled();
  return done;
}
