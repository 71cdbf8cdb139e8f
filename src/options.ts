/**
 * The options of `scache()`: their meaning, unit, default and range, and the check of all of them when the middleware is
 * built. A wrong option must fail there, in words, and never in an invocation.
 */
import type { DataId } from "./core/data-id.js";
import type { TtlRange } from "./core/expiry.js";
import type { RecordDecoder } from "./core/invalidation-record.js";
import type { RefreshErrorPolicy, ResolvedOptions } from "./core/settings.js";
import { estimateBytes } from "./core/size.js";
import { InvalidOptionError } from "./errors.js";
import type { KinesisClient } from "./kinesis/client.js";
import type { Logger } from "./logging.js";
import type { Metrics } from "./metrics/emf.js";

export type { RefreshErrorPolicy, ResolvedOptions } from "./core/settings.js";

export interface ScacheOptions {
  /** How long an entry may live, in milliseconds; a range spreads lifetimes uniformly. Default 30 to 60 minutes. */
  readonly ttlMs?: number | { readonly min: number; readonly max: number };
  /** Entries held at most; the least recently used goes first. Default 10,000. */
  readonly maxEntries?: number;
  /** Bytes held at most, as `sizeOf` counts them. Default 16 MiB. */
  readonly maxBytes?: number;
  /** The bytes a value takes up. Default: an estimate made by walking the value. */
  readonly sizeOf?: (value: unknown, id: DataId) => number;
  /**
   * How long before an invocation began the proof behind a hit may lie, in milliseconds. Default 0: the stream is read
   * in every invocation that begins with something cached. At most `maxGapMs`.
   */
  readonly maxStalenessMs?: number;
  /** How long an invocation waits for the stream at most, and never more than half its remaining time. Default 1,000 ms. */
  readonly refreshTimeoutMs?: number;
  /**
   * When the stream cannot be read in time: `bypass` (default) makes every `get` of the invocation miss; `serve` serves
   * what was proven at most `maxGapMs` ago; `throw` fails the invocation with a `RefreshError`.
   */
  readonly onRefreshError?: RefreshErrorPolicy;
  /**
   * After this long without having caught up, the cache is flushed instead of reading the backlog, in milliseconds.
   * Default 15 minutes; at most 23 hours, since Kinesis may keep records for only 24.
   */
  readonly maxGapMs?: number;
  /** How far this environment's clock may be from Kinesis's, in milliseconds. Default 10,000. */
  readonly clockMarginMs?: number;
  /**
   * For sources read from a lagging replica: after an invalidation, values of that id loaded within this many
   * milliseconds are not stored. Default 0.
   */
  readonly holdOffMs?: number;
  /** Whether plain objects and arrays are frozen when added, so that no handler changes what the next is served. Default true. */
  readonly freeze?: boolean;
  /** A Kinesis client. Default: one with keep-alive connections, time-outs and a single attempt per call. */
  readonly client?: KinesisClient;
  /** A Powertools Metrics instance for scache alone, or false for no metrics. Default: one of our own, namespace `scache`. */
  readonly metrics?: Metrics | false;
  /** A Powertools Logger. Default: one of our own. */
  readonly logger?: Logger;
  /** Reads records of another format. Throwing means "not understood" and flushes the cache. */
  readonly decode?: RecordDecoder;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Every stream keeps its records for a day; the hour is for what one has to read by then. */
const LONGEST_GAP_MS = 23 * 60 * MINUTE_MS;

const NAMES: ReadonlySet<string> = new Set<keyof ScacheOptions>([
  "ttlMs",
  "maxEntries",
  "maxBytes",
  "sizeOf",
  "maxStalenessMs",
  "refreshTimeoutMs",
  "onRefreshError",
  "maxGapMs",
  "clockMarginMs",
  "holdOffMs",
  "freeze",
  "client",
  "metrics",
  "logger",
  "decode",
]);

/** @throws InvalidOptionError naming the first option that is not what it must be */
export function resolveOptions(options: ScacheOptions = {}): ResolvedOptions {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new InvalidOptionError("options", "an object", options);
  }
  for (const name of Object.keys(options)) {
    if (!NAMES.has(name)) throw new InvalidOptionError(name, `one of ${[...NAMES].join(", ")}`, name);
  }
  requireObject("client", options.client, "send");
  requireObject("logger", options.logger, "warn");
  if (options.metrics !== false) requireObject("metrics", options.metrics, "addMetric");
  const maxGapMs = milliseconds("maxGapMs", options.maxGapMs, 15 * MINUTE_MS, 1, LONGEST_GAP_MS);
  const maxStalenessMs = milliseconds("maxStalenessMs", options.maxStalenessMs, 0, 0, LONGEST_GAP_MS);
  // Otherwise the stream would never be read: the cache would be served until the gap is too long, and then flushed.
  if (maxStalenessMs > maxGapMs) {
    throw new InvalidOptionError("maxStalenessMs", `at most maxGapMs (${maxGapMs})`, maxStalenessMs);
  }
  return {
    ttl: ttl(options.ttlMs),
    maxEntries: integer("maxEntries", options.maxEntries, 10_000, 1, 2 ** 24),
    maxBytes: integer("maxBytes", options.maxBytes, 16 * 1024 * 1024, 1, Number.MAX_SAFE_INTEGER),
    sizeOf: callable("sizeOf", options.sizeOf) ?? estimateWithKey,
    maxStalenessMs,
    refreshTimeoutMs: milliseconds("refreshTimeoutMs", options.refreshTimeoutMs, 1_000, 1, 15 * MINUTE_MS),
    onRefreshError: policy(options.onRefreshError),
    maxGapMs,
    clockMarginMs: milliseconds("clockMarginMs", options.clockMarginMs, 10_000, 0, 60 * MINUTE_MS),
    holdOffMs: milliseconds("holdOffMs", options.holdOffMs, 0, 0, DAY_MS),
    freeze: boolean("freeze", options.freeze, true),
    decode: callable("decode", options.decode),
  };
}

function ttl(given: ScacheOptions["ttlMs"]): TtlRange {
  if (given === undefined) return { minMs: 30 * MINUTE_MS, maxMs: 60 * MINUTE_MS };
  if (typeof given === "number") {
    const ms = milliseconds("ttlMs", given, 0, 1, Number.MAX_SAFE_INTEGER);
    return { minMs: ms, maxMs: ms };
  }
  if (typeof given !== "object" || given === null) {
    throw new InvalidOptionError("ttlMs", "a number or { min, max }", given);
  }
  const minMs = milliseconds("ttlMs.min", given.min, Number.NaN, 1, Number.MAX_SAFE_INTEGER);
  const maxMs = milliseconds("ttlMs.max", given.max, Number.NaN, 1, Number.MAX_SAFE_INTEGER);
  if (minMs > maxMs) throw new InvalidOptionError("ttlMs.min", `at most ttlMs.max (${maxMs})`, minMs);
  return { minMs, maxMs };
}

function estimateWithKey(value: unknown, id: DataId): number {
  return estimateBytes(value) + 2 * id.toString().length;
}

function milliseconds(name: string, given: unknown, fallback: number, min: number, max: number): number {
  const value = given === undefined ? fallback : given;
  if (typeof value !== "number" || !(value >= min && value <= max)) {
    throw new InvalidOptionError(name, `a number of milliseconds from ${min} to ${max}`, given);
  }
  return value;
}

function integer(name: string, given: unknown, fallback: number, min: number, max: number): number {
  const value = given === undefined ? fallback : given;
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
    throw new InvalidOptionError(name, `a whole number from ${min} to ${max}`, given);
  }
  return value;
}

function boolean(name: string, given: unknown, fallback: boolean): boolean {
  if (given === undefined) return fallback;
  if (typeof given !== "boolean") throw new InvalidOptionError(name, "true or false", given);
  return given;
}

function policy(given: unknown): RefreshErrorPolicy {
  if (given === undefined) return "bypass";
  if (given === "bypass" || given === "serve" || given === "throw") return given;
  throw new InvalidOptionError("onRefreshError", `"bypass", "serve" or "throw"`, given);
}

function callable<F>(name: string, given: F | undefined): F | undefined {
  if (given !== undefined && typeof given !== "function") throw new InvalidOptionError(name, "a function", given);
  return given;
}

function requireObject(name: string, given: unknown, method: string): void {
  if (given === undefined) return;
  if (typeof given !== "object" || given === null || typeof Reflect.get(given, method) !== "function") {
    throw new InvalidOptionError(name, `an object with ${method}()`, given);
  }
}
