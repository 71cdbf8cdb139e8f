/**
 * The service that a fleet's log lives in: with the quotas AWS gives it, the time its answers take, and an account of what was
 * billed and refused. The logs over it are the shipped ones.
 */
import type { Clock, Random } from "../../src/core/clock.js";
import type { InvalidationLog } from "../../src/core/log.js";
import { createTableLog } from "../../src/dynamodb/log.js";
import { createStreamLog } from "../../src/kinesis/log.js";
import { LIMITS, type Limit } from "../../src/plan/limits.js";
import type { CallPlan, StreamCall } from "../../src/testing/call-plan.js";
import { MemoryStream } from "../../src/testing/memory-stream.js";
import { MemoryTable } from "../../src/testing/memory-table.js";

export type LogKind = "kinesis" | "dynamodb";

/** Round trip of one call. */
export interface Latencies {
  readonly kinesisMs: number;
  readonly dynamodbMs: number;
}

/** What was used of the service since it began. */
export interface Usage {
  /** Records written; each is less than one PUT payload unit. */
  readonly records: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Calls refused, by the limit they met. */
  readonly refused: Readonly<Partial<Record<Limit, number>>>;
}

export interface LogService {
  /** A log for one environment or writer. */
  connect(random: Random): InvalidationLog;
  usage(): Usage;
}

export function createLogService(kind: LogKind, clock: Clock, latencies: Latencies): LogService {
  return kind === "kinesis" ? streamService(clock, latencies.kinesisMs) : tableService(clock, latencies.dynamodbMs);
}

/** There and back take half of it each. */
const fateOf = (latencyMs: number) => ({ requestMs: latencyMs / 2, answerMs: latencyMs / 2 });

function streamService(clock: Clock, latencyMs: number): LogService {
  const { readsPerSecond, readBytesPerSecond, iteratorsPerSecond } = LIMITS.kinesis;
  let records = 0;
  let iteratorsRefused = 0;
  let recentIteratorsMs: number[] = [];
  const stream = new MemoryStream({ clock, readsPerSecond, readBytesPerSecond, onWrite: () => records++ });
  const fate: CallPlan = fateOf(latencyMs);

  /** So many a second for each shard, whoever asks. */
  function policy({ operation }: StreamCall): CallPlan {
    if (operation !== "getShardIterator") return fate;
    recentIteratorsMs = recentIteratorsMs.filter((ms) => ms > clock.now() - 1_000);
    if (recentIteratorsMs.length >= iteratorsPerSecond) {
      iteratorsRefused++;
      return { ...fate, fail: "throttled" };
    }
    recentIteratorsMs.push(clock.now());
    return fate;
  }

  return {
    connect: (random) =>
      createStreamLog(stream.connect(policy), { name: "fleet", clock, random, clockMarginMs: 10_000 }),

    usage() {
      const [shardId = ""] = stream.openShardIds();
      const { calls, bytes } = stream.refusedReads(shardId);
      const refused = { streamReads: calls, streamBytes: bytes, iterators: iteratorsRefused };
      return { records, readUnits: 0, writeUnits: 0, refused };
    },
  };
}

function tableService(clock: Clock, latencyMs: number): LogService {
  const { readUnitsPerSecond, writeUnitsPerSecond } = LIMITS.dynamodb;
  const name = "fleet";
  const keys = new Set([name]);
  let records = 0;
  let incarnations = 0;
  const table = new MemoryTable({
    clock,
    readUnitsPerSecond,
    writeUnitsPerSecond,
    onAppend: (appended) => (records += appended.length),
  });
  const fate = fateOf(latencyMs);

  /** Sixteen digits, as the shipped ones have. Every append draws one, so only those that came to be are looked up. */
  const newIncarnation = () => String(++incarnations).padStart(16, "0");

  return {
    connect: (random) =>
      createTableLog({
        api: table.connect(name, () => fate),
        table: { name, log: name },
        clock,
        random,
        newIncarnation,
      }),

    usage() {
      const incarnation = table.head(name)?.incarnation;
      if (incarnation !== undefined) keys.add(`${name}#${incarnation}`);
      const capacities = [...keys].map((key) => table.capacity(key));
      const sum = (of: "used" | "throttled", kind: "read" | "write") =>
        capacities.map((capacity) => capacity[of][kind]);
      const [headReads = 0, ...segmentReads] = sum("throttled", "read");
      const [headWrites = 0, ...segmentWrites] = sum("throttled", "write");
      return {
        records,
        readUnits: total(sum("used", "read")),
        writeUnits: total(sum("used", "write")),
        refused: {
          headReads,
          segmentReads: total(segmentReads),
          headWrites,
          segmentWrites: total(segmentWrites),
        },
      };
    },
  };
}

const total = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0);
