/**
 * One environment of the core as unit tests need it: over a stream in memory and a clock moved by hand, with every call
 * and every notice kept, and writers elsewhere. It decides nothing about what is right.
 */
import { type DataId, dataId } from "../../../src/core/data-id.js";
import { createEnvironment, type Environment } from "../../../src/core/environment.js";
import type { Invocation } from "../../../src/core/invocation/invocation.js";
import type { Notices, TroubleKind } from "../../../src/core/notices.js";
import { encodeRecord, type RecordContent } from "../../../src/core/record.js";
import { createStreamLog } from "../../../src/kinesis/log.js";
import { resolveOptions, type ScacheOptions } from "../../../src/options.js";
import {
  type CallPlan,
  type CallPolicy,
  ManualClock,
  MemoryStream,
  type StreamOperation,
} from "../../../src/testing/index.js";
import type { MemoryClient } from "../../../src/testing/memory-client.js";

/** What the tests cache. */
export const userId = (id: string): DataId<string> => dataId<string>("db.users.id", id);

export class KeptNotices implements Notices {
  readonly started: TroubleKind[] = [];
  readonly ended: TroubleKind[] = [];
  readonly debugs: string[] = [];
  /** What was said with each of `started`, and with each of `debugs`. */
  readonly reasons: string[] = [];
  readonly causes: unknown[] = [];
  readonly details: unknown[] = [];

  troubleStarted(kind: TroubleKind, what: { readonly reason: string; readonly cause?: unknown }): void {
    this.started.push(kind);
    this.reasons.push(what.reason);
    this.causes.push(what.cause);
  }

  troubleEnded(kind: TroubleKind): void {
    this.ended.push(kind);
  }

  /** What was advised, and in which detail. */
  readonly advice: [message: string, detail: Record<string, unknown>][] = [];

  advise(message: string, detail: Record<string, unknown>): void {
    this.advice.push([message, detail]);
  }

  debug(message: string, detail?: Record<string, unknown>): void {
    this.debugs.push(message);
    this.details.push(detail);
  }
}

/** Writers elsewhere: what they publish is on the stream at once. */
export class Elsewhere {
  readonly #stream: MemoryStream;

  constructor(stream: MemoryStream) {
    this.#stream = stream;
  }

  publishes(content: RecordContent): void {
    this.#put(encodeRecord(content, this.#stream.clock.now()));
  }

  invalidates(...ids: readonly DataId[]): void {
    this.publishes({ keys: ids.map(String) });
  }

  /** A record that no reader can understand. */
  putsGarbage(): void {
    this.#put(new TextEncoder().encode("garbage"));
  }

  #put(data: Uint8Array): void {
    this.#stream.put([{ data, partitionKey: "elsewhere" }]);
  }
}

export class Rig {
  readonly clock = new ManualClock();
  readonly stream: MemoryStream;
  readonly client: MemoryClient;
  readonly elsewhere: Elsewhere;
  readonly environment: Environment;
  readonly notices = new KeptNotices();
  /** Every call made, in order. */
  readonly calls: StreamOperation[] = [];
  /** What becomes of the calls made from now on, in general or one by one. */
  plan: CallPlan | CallPolicy = {};

  constructor(options: ScacheOptions = {}, shards = 1, random = () => 0.5) {
    this.stream = new MemoryStream({ clock: this.clock, shards });
    this.elsewhere = new Elsewhere(this.stream);
    this.client = this.stream.connect((call) => {
      this.calls.push(call.operation);
      return typeof this.plan === "function" ? this.plan(call) : this.plan;
    });
    const { clock, notices } = this;
    const resolved = resolveOptions(options);
    const { clockMarginMs } = resolved;
    const log = createStreamLog(this.client, { name: "users", clock, random, clockMarginMs });
    this.environment = createEnvironment({ log, clock, random, newNonce: () => "rig", options: resolved, notices });
  }

  /** An invocation at its first moment: nothing has been read for it yet. */
  begin(remainingMs = 30_000, requestId?: string): Invocation {
    const endsAtMs = this.clock.monotonic() + remainingMs;
    return this.environment.begin({ remainingMs: () => endsAtMs - this.clock.monotonic(), requestId });
  }

  /** An invocation whose handler is about to run. */
  async invocation(remainingMs?: number): Promise<Invocation> {
    const invocation = this.begin(remainingMs);
    await invocation.catchUp();
    return invocation;
  }

  /** Caches these values, and catches up once, so that the next refresh is one call for each shard. */
  async warm(values: Readonly<Record<string, string>>): Promise<void> {
    const filling = await this.invocation();
    for (const [id, value] of Object.entries(values)) filling.cache.add(userId(id), value);
    filling.end();
    (await this.invocation()).end();
    this.forgetCalls();
  }

  /** The calls made since the last time. */
  forgetCalls(): StreamOperation[] {
    return this.calls.splice(0);
  }
}

/** A load that is under way until the test lets it return. */
export function slowLoad<T>(): {
  load: () => Promise<T>;
  returns: (value: T) => void;
  fails: (error: unknown) => void;
} {
  let returns: (value: T) => void = () => undefined;
  let fails: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((resolve, reject) => {
    returns = resolve;
    fails = reject;
  });
  return { load: () => promise, returns, fails };
}
