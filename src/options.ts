/**
 * The options of `scache()`: their meaning, unit, default and range, and the check of all of them when the middleware is
 * built. A wrong option must fail there, in words, and never in an invocation.
 */
import type { ClientLike } from "./aws/client-like.js";
import type { DataId } from "./core/data-id.js";
import type { InvocationReport } from "./core/invocation/report.js";
import { isProxy } from "./core/node.js";
import type { RecordDecoder } from "./core/record.js";
import type { RefreshErrorPolicy, RefreshWhen, ResolvedOptions } from "./core/settings.js";
import { estimateBytes } from "./core/store/size.js";
import { isObject } from "./errors.js";
import type { Logger } from "./logging.js";
import type { MetricsLike } from "./metrics/emf.js";
import {
  atMost,
  check,
  clientOf,
  functionOr,
  milliseconds,
  objectWith,
  oneOf,
  type Rule,
  UNBOUNDED,
  wholeNumber,
  withDefaults,
} from "./option-rules.js";

export type { RefreshErrorPolicy, RefreshWhen, ResolvedOptions } from "./core/settings.js";

export interface ScacheOptions {
  /** How long an entry lives, in milliseconds; of a range, each entry draws its own. Default 30 to 60 minutes. */
  readonly ttlMs?: number | { readonly min: number; readonly max: number };
  /** Entries held at most; the oldest goes first, but one used since it was put there has a second chance. Default 10,000. */
  readonly maxEntries?: number;
  /** Bytes held at most, as `sizeOf` counts them. Default 16 MiB. */
  readonly maxBytes?: number;
  /**
   * The bytes that a value takes up. Default: an estimate that counts strings, property names, BigInts, and the whole buffer
   * behind a view, once. It cannot see closures, private fields, Proxies and native objects.
   */
  readonly sizeOf?: (value: unknown, id: DataId) => number;
  /**
   * How stale a hit may be: the age, when the invocation begins, of the last proof that the cache was up to date, in
   * milliseconds. Default 0: the stream is read in every invocation that begins with something cached. At most half of
   * `maxGapMs`.
   */
  readonly maxStalenessMs?: number;
  /** How long an invocation waits for the stream at most, and never more than half its remaining time. Default 1,000 ms. */
  readonly refreshTimeoutMs?: number;
  /**
   * When an invocation that begins with something cached reads the log. `before` (default): before its handler, which waits.
   * `alongside`: while the handler works. `used`: once a `get` or `getOrAdd` finds an entry. In the last two, a `getOrAdd` that finds
   * an entry waits for the reading only if loading would cost more, and a `get` never waits: until the reading ends, it
   * misses. They load the source more to save time.
   */
  readonly refreshWhen?: RefreshWhen;
  /**
   * When the stream cannot be read in time: `bypass` (default) makes every `get` of the invocation miss; `serve` serves
   * what was proven at most `maxGapMs` ago; `throw` fails the invocation with a `RefreshError` or, with another `refreshWhen`
   * than `before`, whatever waited for the reading.
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
  /**
   * How a handler is kept from changing what the next one is served. `true` (default): plain objects and arrays are frozen
   * when added, all the way down, also the value that `getOrAdd` has just loaded. Trying to change one throws a TypeError, but
   * only under "use strict", as in ES modules: in other code, such as CommonJS made by a bundler, the change is silently
   * lost. `"copy"`: each `get` and `getOrAdd` hands out a copy of its own, which the handler may change; it costs what there is
   * to copy, at every hit. `false`: neither, for handlers that change nothing. Instances of classes, Proxies, functions and
   * bytes (Buffer, typed arrays) are neither frozen nor copied; Map, Set and Date are copied, but not frozen.
   */
  readonly freeze?: boolean | "copy";
  /**
   * The share of `getOrAdd` hits that are checked: once the handler has returned, the loader runs again, and what differs
   * with no invalidation to explain it is counted (`inconsistentReads`) and its source named. 0 (default) to 1. Costs a load
   * for each, and billed time: at most a second, and half of what is left, for each invocation.
   */
  readonly auditShare?: number;
  /**
   * How long an invalidation may be on its way before an audited hit counts as wrong, in milliseconds, beside `holdOffMs`.
   * Default 10,000; more where a relay may lag more.
   */
  readonly auditGraceMs?: number;
  /** A Kinesis client. Default: one with keep-alive connections, time-outs and a single attempt per call. */
  readonly client?: ClientLike;
  /** A Powertools Metrics instance for scache alone, or false for no metrics. Default: one of our own, namespace `scache`. */
  readonly metrics?: MetricsLike | false;
  /** A Powertools Logger. Default: one of our own. */
  readonly logger?: Logger;
  /**
   * Called once with the figures of each invocation, for monitoring that does not read log lines. Whatever it throws is
   * logged, and changes nothing.
   */
  readonly onReport?: (report: InvocationReport) => void;
  /** Reads records of another format. Throwing means "not understood" and flushes the cache. */
  readonly decode?: RecordDecoder;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Every stream keeps its records for a day; the hour is for what one has to read by then. */
export const LONGEST_GAP_MS = 23 * HOUR_MS;
/** The instance's namespace and dimensions are read with it. */
const METRICS = objectWith("singleMetric");
const LIFETIME = milliseconds(1, UNBOUNDED, undefined);

/** The lifetime, which the core is told by another name, and what is for those who stand around it. */
type NotOfTheCore = "ttlMs" | "client" | "metrics" | "logger";

/** Does not compile where `ResolvedOptions` lacks an option: the core could not see it. */
type OfTheCore = Pick<ResolvedOptions, Exclude<keyof ScacheOptions, NotOfTheCore>>;

/** What each may be, and its default. */
const RULES = {
  ttlMs: {
    expected: `${LIFETIME.expected}, or { min, max }`,
    fits: (ttlMs) => (isObject(ttlMs) && !isProxy(ttlMs)) || LIFETIME.fits(ttlMs),
    default: { min: 30 * MINUTE_MS, max: HOUR_MS },
  },
  maxEntries: wholeNumber(1, 2 ** 24, 10_000),
  maxBytes: wholeNumber(1, UNBOUNDED, 2 ** 24),
  sizeOf: functionOr(undefined),
  maxStalenessMs: milliseconds(0, LONGEST_GAP_MS, 0),
  refreshTimeoutMs: milliseconds(1, 15 * MINUTE_MS, 1_000),
  refreshWhen: oneOf(["before", "alongside", "used"], "before"),
  onRefreshError: oneOf(["bypass", "serve", "throw"], "bypass"),
  maxGapMs: milliseconds(1, LONGEST_GAP_MS, 15 * MINUTE_MS),
  clockMarginMs: milliseconds(0, HOUR_MS, 10_000),
  holdOffMs: milliseconds(0, 24 * HOUR_MS, 0),
  freeze: oneOf([true, false, "copy"], true),
  auditShare: {
    expected: "a number from 0 to 1",
    fits: (share) => typeof share === "number" && share >= 0 && share <= 1,
    default: 0,
  },
  auditGraceMs: milliseconds(0, 24 * HOUR_MS, 10_000),
  client: objectWith("send"),
  metrics: {
    expected: `${METRICS.expected}, or false`,
    fits: (metrics) => metrics === false || METRICS.fits(metrics),
  },
  logger: objectWith("debug", "info", "warn"),
  onReport: functionOr(undefined),
  decode: functionOr(undefined),
} satisfies Record<keyof OfTheCore | NotOfTheCore, Rule>;

// Marked as pure, so that a bundler drops what only `scache/testing` asks for.
export const OPTION_NAMES = /* @__PURE__ */ Object.keys(RULES) as readonly (keyof ScacheOptions)[];

/**
 * @param ofTheLog options that only this kind of log has: it has looked at them itself
 * @throws InvalidOptionError naming the first option that is not what it must be
 */
export function resolveOptions(options: ScacheOptions = {}, ofTheLog: readonly string[] = []): ResolvedOptions {
  const { ttlMs, ...resolved } = withDefaults(options, RULES, ofTheLog);
  check("client", options.client, clientOf("Kinesis"));
  const { maxStalenessMs, maxGapMs, maxBytes, sizeOf = estimateUpTo(maxBytes) } = resolved;
  // Between the end of the staleness and that of the gap there must be time for an invocation that reads.
  const otherwise = "the cache would be flushed before the log is read again";
  check("maxStalenessMs", maxStalenessMs, atMost("half of maxGapMs", maxGapMs / 2, otherwise));
  const { min, max } = typeof ttlMs === "number" ? { min: ttlMs, max: ttlMs } : ttlMs;
  check("ttlMs.min", min, LIFETIME);
  check("ttlMs.max", max, LIFETIME);
  check("ttlMs.min", min, atMost("ttlMs.max", max));
  return { ...resolved, sizeOf, ttl: { minMs: min, maxMs: max } };
}

/** What is larger need not be walked to its end. */
function estimateUpTo(maxBytes: number): ResolvedOptions["sizeOf"] {
  return (value, id) => estimateBytes(value, maxBytes) + 2 * id.toString().length;
}
