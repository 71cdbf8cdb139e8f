/** What `scache()` is told: the defaults, what is taken, and how everything else is refused. */
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { describe, expect, test } from "@jest/globals";
import { dataId } from "../../src/core/data-id.js";
import { InvalidOptionError } from "../../src/errors.js";
import { OPTION_NAMES, resolveOptions, type ScacheOptions } from "../../src/options.js";

const DAY_MS = 24 * 3_600_000;
const LONGEST_GAP_MS = DAY_MS - 3_600_000;

/** The error with which these options are refused. */
function refusal(options: unknown): InvalidOptionError {
  try {
    resolveOptions(options as ScacheOptions);
  } catch (error) {
    if (error instanceof InvalidOptionError) return error;
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(options)}`);
}

describe("without options", () => {
  test("everything has a default", () => {
    const { sizeOf, ...rest } = resolveOptions();
    expect(rest).toMatchObject({
      ttl: { minMs: 1_800_000, maxMs: 3_600_000 },
      maxEntries: 10_000,
      maxBytes: 16_777_216,
      maxStalenessMs: 0,
      refreshTimeoutMs: 1_000,
      refreshWhen: "before",
      onRefreshError: "bypass",
      maxGapMs: 900_000,
      clockMarginMs: 10_000,
      holdOffMs: 0,
      auditShare: 0,
      auditGraceMs: 10_000,
      freeze: true,
      decode: undefined,
    });
    expect(sizeOf("value", dataId("s", "1"))).toBeGreaterThan(0);
  });

  test("an option that is undefined is one that was not given", () => {
    const names = ["ttlMs", "maxEntries", "maxStalenessMs", "onRefreshError", "freeze", "client", "metrics", "decode"];
    const given = Object.fromEntries(names.map((name) => [name, undefined]));
    const [{ sizeOf: _given, ...resolved }, { sizeOf: _default, ...defaults }] = [
      resolveOptions(given),
      resolveOptions(),
    ];
    expect(resolved).toEqual(defaults);
  });

  test("the default size counts the value and its key", () => {
    const { sizeOf } = resolveOptions();
    expect(sizeOf("x".repeat(1_000), dataId("s", "1"))).toBeGreaterThan(2_000);
    expect(sizeOf("x", dataId("s", "1".repeat(1_000)))).toBeGreaterThan(2_000);
  });
});

describe("what is given", () => {
  test("is taken over", () => {
    const sizeOf = () => 1;
    const decode = () => ({});
    expect(
      resolveOptions({
        ttlMs: { min: 1_000, max: 2_000 },
        maxEntries: 5,
        maxBytes: 6,
        sizeOf,
        maxStalenessMs: 7,
        refreshTimeoutMs: 8,
        refreshWhen: "used",
        onRefreshError: "serve",
        maxGapMs: 14,
        clockMarginMs: 10,
        holdOffMs: 11,
        auditShare: 0.5,
        auditGraceMs: 12,
        freeze: false,
        decode,
      }),
    ).toMatchObject({
      ttl: { minMs: 1_000, maxMs: 2_000 },
      maxEntries: 5,
      maxBytes: 6,
      sizeOf,
      maxStalenessMs: 7,
      refreshTimeoutMs: 8,
      refreshWhen: "used",
      onRefreshError: "serve",
      maxGapMs: 14,
      clockMarginMs: 10,
      holdOffMs: 11,
      auditShare: 0.5,
      auditGraceMs: 12,
      freeze: false,
      decode,
    });
  });

  test("one lifetime is both bounds", () => {
    expect(resolveOptions({ ttlMs: 5_000 }).ttl).toEqual({ minMs: 5_000, maxMs: 5_000 });
    expect(resolveOptions({ ttlMs: { min: 5_000, max: 5_000 } }).ttl).toEqual({ minMs: 5_000, maxMs: 5_000 });
  });

  test("is left as it is", () => {
    const given = Object.freeze({ ttlMs: Object.freeze({ min: 1, max: 2 }), maxEntries: 3 });
    resolveOptions(given);
    expect(given).toEqual({ ttlMs: { min: 1, max: 2 }, maxEntries: 3 });
  });

  test.each(["bypass", "serve", "throw"] as const)("the policy %s is one", (onRefreshError) => {
    expect(resolveOptions({ onRefreshError }).onRefreshError).toBe(onRefreshError);
  });

  test("objects that do what is asked of them fit, whoever made them", () => {
    const client = { send: () => undefined };
    const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined };
    const metrics = { singleMetric: () => ({ serializeMetrics: () => ({}) }) };
    expect(() => resolveOptions({ client, logger, metrics } as unknown as ScacheOptions)).not.toThrow();
    expect(() => resolveOptions({ metrics: false })).not.toThrow();
  });
});

/** Each number's option, its bounds, and whether it counts things rather than milliseconds. */
const NUMBERS = [
  { name: "ttlMs", min: 1, max: Number.MAX_SAFE_INTEGER, whole: false },
  { name: "maxEntries", min: 1, max: 2 ** 24, whole: true },
  { name: "maxBytes", min: 1, max: Number.MAX_SAFE_INTEGER, whole: true },
  { name: "maxStalenessMs", min: 0, max: LONGEST_GAP_MS / 2, whole: false },
  { name: "refreshTimeoutMs", min: 1, max: 900_000, whole: false },
  { name: "maxGapMs", min: 1, max: LONGEST_GAP_MS, whole: false },
  { name: "clockMarginMs", min: 0, max: 3_600_000, whole: false },
  { name: "holdOffMs", min: 0, max: DAY_MS, whole: false },
  { name: "auditGraceMs", min: 0, max: DAY_MS, whole: false },
];

test("every option that is a number is among these", () => {
  const defaults = resolveOptions() as unknown as Record<string, unknown>;
  const isNumber = (name: string) => name.endsWith("Ms") || typeof defaults[name] === "number";
  const numbers = OPTION_NAMES.filter((name) => isNumber(name) && name !== "auditShare");
  expect(NUMBERS.map(({ name }) => name).toSorted()).toEqual(numbers.toSorted());
});

describe.each(NUMBERS)("the number $name", ({ name, min, max, whole }) => {
  test("is taken at both its bounds", () => {
    expect(() => resolveOptions({ [name]: min })).not.toThrow();
    const gap = name === "maxStalenessMs" ? { maxGapMs: 2 * max } : {};
    expect(() => resolveOptions({ ...gap, [name]: max })).not.toThrow();
  });

  test("is refused outside them, and when it is no number", () => {
    const wrong = [min - 1, -1, max * 1.1, Number.NaN, Number.POSITIVE_INFINITY, "10", null, true, [10], 10n];
    for (const given of wrong) expect(refusal({ [name]: given }).option.split(".")[0]).toBe(name);
  });

  test(whole ? "is refused with a fraction" : "may have a fraction", () => {
    if (whole) expect(refusal({ [name]: 1.5 }).option).toBe(name);
    else expect(() => resolveOptions({ [name]: 1.5 })).not.toThrow();
  });

  test("is refused in words that name it, its bounds and what came", () => {
    const { message } = refusal({ [name]: "ten" });
    expect(message).toContain(`"${name}"`);
    expect(message).toContain('"ten"');
    if (max === Number.MAX_SAFE_INTEGER) expect(message).toContain(`, at least ${min}, `);
    else expect(message).toContain(`from ${min} to `);
    expect(message).not.toContain(String(Number.MAX_SAFE_INTEGER));
    if (min > 0) expect(refusal({ [name]: 0 }).message).toContain("but got 0");
    expect(refusal({ [name]: Number.NaN }).message).toContain("but got NaN");
  });
});

describe("P5: maxStalenessMs beyond half of maxGapMs", () => {
  test("is refused in words that name both, and why: the stream would never be read", () => {
    expect(() => resolveOptions({ maxStalenessMs: 5_000, maxGapMs: 10_000 })).not.toThrow();
    const error = refusal({ maxStalenessMs: 5_001, maxGapMs: 10_000 });
    expect(error.option).toBe("maxStalenessMs");
    expect(error.message).toBe(
      'scache: option "maxStalenessMs" must be at most half of maxGapMs (5000), but got 5001; ' +
        "otherwise the cache would be flushed before the log is read again",
    );
  });

  test("is refused whichever of the two was given", () => {
    expect(refusal({ maxStalenessMs: 450_001 }).option).toBe("maxStalenessMs");
    expect(refusal({ maxStalenessMs: 5_000, maxGapMs: 5_000 }).option).toBe("maxStalenessMs");
    expect(() => resolveOptions({ maxStalenessMs: 450_000 })).not.toThrow();
    expect(() => resolveOptions({ maxGapMs: 1 })).not.toThrow();
  });
});

describe("the lifetimes' range", () => {
  test("is refused when its bounds are the wrong way round, in words that name both", () => {
    const error = refusal({ ttlMs: { min: 2_000, max: 1_000 } });
    expect(error.option).toBe("ttlMs.min");
    expect(error.message).toMatch(/ttlMs\.max.*1000.*but got 2000/);
  });

  test.each([
    [{ max: 1_000 }, "ttlMs.min"],
    [{ min: 1_000 }, "ttlMs.max"],
    [{ min: 0, max: 1_000 }, "ttlMs.min"],
    [{ min: 1_000, max: Number.NaN }, "ttlMs.max"],
    [{ min: "1000", max: 2_000 }, "ttlMs.min"],
    [[1_000, 2_000], "ttlMs.min"],
    [() => 1, "ttlMs"],
  ])("%j is refused, and %s is what the error names", (ttlMs, option) => {
    expect(refusal({ ttlMs }).option).toBe(option);
  });
});

describe("what is not a number", () => {
  test.each([
    ["sizeOf", 10, "a function"],
    ["decode", "json", "a function"],
    ["decode", null, "a function"],
    ["onRefreshError", "ignore", "one of bypass, serve, throw"],
    ["onRefreshError", null, "one of bypass, serve, throw"],
    ["auditShare", 1.1, "a number from 0 to 1"],
    ["auditShare", Number.NaN, "a number from 0 to 1"],
    ["freeze", "yes", "one of true, false, copy"],
    ["freeze", 0, "one of true, false, copy"],
    ["client", {}, "an object with send()"],
    ["client", null, "an object with send()"],
    ["client", () => undefined, "an object with send()"],
    ["logger", console.log, "an object with debug(), info() and warn()"],
    ["logger", false, "an object with debug(), info() and warn()"],
    ["logger", { warn: () => undefined }, "an object with debug(), info() and warn()"],
    ["metrics", true, "an object with singleMetric(), or false"],
    ["metrics", { addMetric() {} }, "an object with singleMetric(), or false"],
    ["client", { send: () => undefined, config: { serviceId: "DynamoDB" } }, "a client of Kinesis"],
  ])("%s: %p is refused, and %s is said to be expected", (name, given, expected) => {
    const error = refusal({ [name]: given });
    expect(error.option).toBe(name);
    expect(error.message).toContain(`must be ${expected}, but got `);
  });

  test("a client of the SDK itself, or a double that says nothing of its service, fits", () => {
    const client = new KinesisClient({ region: "eu-west-1" });
    expect(() => resolveOptions({ client })).not.toThrow();
    expect(() => resolveOptions({ client: { send: () => undefined, config: {} } as never })).not.toThrow();
  });

  test("a misspelt option is asked about, and one like none of them is told all there are", () => {
    expect(refusal({ maxEntires: 5 }).message).toBe('scache: unknown option "maxEntires"; did you mean "maxEntries"?');
    const { message } = refusal({ prefix: "x" });
    for (const name of ["unknown option", "maxEntries", "ttlMs", "onRefreshError", "decode"]) {
      expect(message).toContain(name);
    }
  });

  test("an option that every object inherits is unknown, too", () => {
    expect(refusal({ toString: () => "" }).option).toBe("toString");
    expect(refusal(JSON.parse('{"__proto__": 1}')).option).toBe("__proto__");
  });

  test.each([[null], [5], ["stream"], [[]], [() => undefined]])("%p instead of options is refused", (options) => {
    expect(refusal(options)).toMatchObject({ option: "options", code: "INVALID_OPTION" });
  });
});
