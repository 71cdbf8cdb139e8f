/**
 * Follows a log from now on, a reading a second: what `npx scache tail` does, without a terminal. It uses the logs' own readers,
 * so that it goes on where an environment would, through reshards, segments and whatever else.
 */
import type { Clock } from "../core/clock.js";
import { LogFailure, type LogReader } from "../core/log.js";
import { type Head, isReadable, type TableApi } from "../dynamodb/table-api.js";
import type { OpenLog, OpenTable } from "./open-log.js";
import { pacedStream, pause, READ_EVERY_MS } from "./paced-stream.js";
import { TailReading } from "./tail-reading.js";

export interface Follower {
  /** A record of the log, in its order. */
  record(data: Uint8Array): void;
  /** Something that a person should know: trouble that began, or that what follows is not all. */
  note(text: string): void;
}

/** Resolves at the end. @throws LogFailure where the log could not be read even once, for a reason that will not pass */
export async function follow(open: OpenLog, clock: Clock, ended: AbortSignal, follower: Follower): Promise<void> {
  let sinceMs = clock.now();
  let hasRead = false;
  let trouble: string | undefined;
  const reader = await readerOf(open, clock, ended, follower);
  while (!ended.aborted) {
    const beganMs = clock.now();
    const reading = new TailReading(sinceMs, ended, follower.record);
    await reader.read(reading);
    if (ended.aborted) return;
    const { failure, isLost } = reading;
    if (failure !== undefined && !hasRead && (failure.kind === "refused" || failure.kind === "lost")) throw failure;
    if (failure === undefined) {
      if (trouble !== undefined) follower.note("it can be read again");
      sinceMs = beganMs;
    } else if (isLost) follower.note(`${failure.message}: what was written just before may be missing here`);
    else if (failure.message !== trouble) follower.note(`it cannot be read: ${failure.message}`);
    trouble = isLost ? undefined : failure?.message;
    hasRead ||= failure === undefined;
    await pause(clock, READ_EVERY_MS, ended);
  }
}

async function readerOf(open: OpenLog, clock: Clock, ended: AbortSignal, follower: Follower): Promise<LogReader> {
  if (open.kind === "kinesis") return open.log(pacedStream(open.api, clock)).open();
  return open.log(await onceThereIsOne(open, clock, ended, follower)).open();
}

/**
 * A log that is not there yet begins with its first record, which is what people who try it wait for. A reader would empty its
 * cache then, and go on behind that record; so its first look at the head is the one that has shown it here.
 */
async function onceThereIsOne(
  { api }: OpenTable,
  clock: Clock,
  ended: AbortSignal,
  { record, note }: Follower,
): Promise<TableApi> {
  for (let looks = 0; !ended.aborted; looks++) {
    const head = await api.getHead("strong", ended).catch((error: unknown) => {
      const { kind } = error as LogFailure;
      if (ended.aborted) return undefined;
      if (kind === "refused" || kind === "lost" || !(error instanceof LogFailure)) throw error;
      note(`it cannot be read: ${error.message}`);
      return undefined;
    });
    if (head !== undefined) {
      if (looks > 0 && isReadable(head) && head.first === 0) head.records.forEach(record);
      return looks > 0 ? seenFirst(api, head) : api;
    }
    if (looks === 0) note("there is no such log yet: its first record makes it");
    await pause(clock, READ_EVERY_MS, ended);
  }
  return api;
}

/** @param head the answer to the first look */
function seenFirst(api: TableApi, head: Awaited<ReturnType<TableApi["getHead"]>>): TableApi {
  let answers: readonly (Head | typeof head)[] = [head];
  return {
    ...api,
    async getHead(consistency, signal) {
      const [first, ...rest] = answers;
      answers = rest;
      return first ?? api.getHead(consistency, signal);
    },
  };
}
