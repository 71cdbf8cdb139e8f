/**
 * The simulation of fleets: that its oracle sees what is too old, that its verdict excuses nothing but a limit of the service,
 * and that a fleet is what it is said to be.
 */
import { describe, expect, test } from "@jest/globals";
import {
  arrivalsOf,
  invocationsPerSecond,
  MIXTURE,
  readingsPerSecond,
  seeded,
} from "../../../../tools/fleet/arrivals.js";
import { Datum } from "../../../../tools/fleet/data.js";
import { Durations, Measures } from "../../../../tools/fleet/measures.js";
import { type FleetRow, rowOf, wrongWith } from "../../../../tools/fleet/row.js";
import { ENVIRONMENTS, LOGS, RATES, rowRequests, STALENESSES_MS } from "../../../../tools/fleet/rows.js";
import { type FleetRequest, runFleet } from "../../../../tools/fleet/run.js";
import { lineOf, pageOf } from "../../../../tools/fleet/table.js";
import { VirtualClock } from "../../../../tools/fleet/virtual-clock.js";

const latencies = { kinesisMs: 15, dynamodbMs: 4 };
const SCOPE = { logs: LOGS, environments: ENVIRONMENTS, quick: false, latencies, seed: 1 };
const REQUEST: FleetRequest = {
  log: "dynamodb",
  fleet: "busy",
  environments: 10,
  maxStalenessMs: 1_000,
  invalidationsPerSecond: 20,
  latencies,
  beginningMs: 1_000,
  settlingMs: 2_000,
  virtualMs: 10_000,
  seed: 7,
};

describe("a fleet", () => {
  test.each(LOGS)("on %s is served nothing that is too old, and something that is nearly", async (log) => {
    const { measures } = await runFleet({ ...REQUEST, log, environments: 4, invalidationsPerSecond: 40 });
    expect(measures.greatestStalenessMs).toBeGreaterThan(300);
    expect(measures.greatestStalenessMs).toBeLessThanOrEqual(1_000);
    expect(measures.invocations).toBeGreaterThan(120);
    expect(measures.hits).toBeGreaterThan(100);
    expect(measures.published).toBeGreaterThan(300);
  });

  test("of the same seed is the same fleet", async () => {
    const [one, same] = [await runFleet(REQUEST), await runFleet(REQUEST)];
    expect(same).toEqual(one);
    expect((await runFleet({ ...REQUEST, seed: 8 })).measures.hits).not.toBe(one.measures.hits);
  });

  test("above a limit is told by it, and still served nothing too old", async () => {
    const run = await runFleet({ ...REQUEST, log: "kinesis", environments: 30, maxStalenessMs: 0 });
    expect(run.usage.refused.streamReads).toBeGreaterThan(20);
    expect([run.measures.greatestStalenessMs, run.measures.bypassed > 500]).toEqual([0, true]);
  });

  test("of a mixture is what its shares say, in any slice", () => {
    const random = seeded(1);
    const rates = Array.from({ length: 1_000 }, (_, index) => arrivalsOf("mixed", index, random).perSecond);
    for (const slice of [rates.slice(0, 100), rates.slice(300, 400), rates]) {
      const mean = slice.reduce((sum, rate) => sum + rate, 0) / slice.length;
      expect(mean).toBeCloseTo(invocationsPerSecond("mixed"), 1);
      expect(slice.filter((rate) => rate > 2).length / slice.length).toBeCloseTo(MIXTURE.busy, 1);
    }
    expect(readingsPerSecond("mixed", 0)).toBeCloseTo(invocationsPerSecond("mixed"), 6);
    expect(readingsPerSecond("busy", 1_000)).toBeCloseTo(5 / 6, 6);
  });

  test.each(["mixed", "busy"] as const)("comes as often as it says: %s", (fleet) => {
    const random = seeded(2);
    for (const index of [0, 1, 2]) {
      const arrivals = arrivalsOf(fleet, index, random);
      const total = Array.from({ length: 40_000 }, () => arrivals.gapMs()).reduce((sum, gap) => sum + gap, 0);
      expect(((40_000 / total) * 1_000) / arrivals.perSecond).toBeCloseTo(1, 1);
    }
  });
});

describe("the oracle", () => {
  test("knows for how long a version had been out of date", () => {
    const datum = new Datum("1");
    expect(datum.stalenessMs(0, 1_000)).toBe(0);
    const [first, second] = [datum.write(), datum.write()];
    // Acknowledged the other way round: the later one made both of the older ones out of date.
    datum.acknowledged(second, 100);
    datum.acknowledged(first, 300);
    expect([0, 1, 2].map((version) => datum.stalenessMs(version, 1_000))).toEqual([900, 900, 0]);
    expect(datum.stalenessMs(0, 50)).toBe(0);
  });
});

describe("the verdict", () => {
  const good = async () => rowOf(REQUEST, await runFleet({ ...REQUEST, virtualMs: 2_000 }), true);
  const judged = async (change: Partial<FleetRow>) => wrongWith({ ...(await good()), ...change });

  test("is that a row holds", async () => {
    expect(await good()).toMatchObject({ holds: true, wrong: undefined, limits: [], boundMs: 1_000, unpublished: 0 });
  });

  test("excuses a row that met a limit, unless it has to hold", async () => {
    const met = { holds: false, bypassedShare: 0.5, limits: ["a limit"] };
    expect(await judged({ ...met, mustHold: false })).toBeUndefined();
    expect(await judged(met)).toBe("has to hold, but 50.0 % were bypassed and 0 publications gave up (a limit)");
  });

  test("excuses no trouble that no limit explains", async () => {
    expect(await judged({ holds: false, mustHold: false, unpublished: 3 })).toMatch(
      /3 publications gave up, and no limit/,
    );
  });

  test("never excuses what was too old", async () => {
    expect(await judged({ greatestStalenessMs: 1_001, mustHold: false, limits: ["a limit"], holds: false })).toBe(
      "served what had been out of date for 1001 ms, of 1000 ms allowed",
    );
    expect(await judged({ invocations: 0 })).toBe("nothing was looked at");
  });

  test("bypassing one in a hundred is not to hold", () => {
    const measures = Object.assign(new Measures(), { invocations: 100, bypassed: 1 });
    const usage = {
      records: 0,
      readUnits: 0,
      writeUnits: 0,
      refused: { headReads: 2, segmentReads: 5, headWrites: 0 },
    };
    const row = rowOf(REQUEST, { measures, usage }, false);
    expect(row.holds).toBe(false);
    expect(row.limits).toEqual([
      "3,000 read units a second for the segments",
      "3,000 read units a second for the head",
    ]);
    expect(row.throttledCalls).toBe(7);
  });
});

describe("the rows", () => {
  test("are every size, bound and rate on either log, and the hardest fleets", () => {
    const rows = rowRequests(SCOPE);
    expect(rows).toHaveLength(LOGS.length * ENVIRONMENTS.length * STALENESSES_MS.length * RATES.length + 2);
    const required = rows
      .filter(({ mustHold }) => mustHold)
      .map(({ log, fleet, environments, maxStalenessMs }) => {
        return `${log} ${fleet} ${environments} ${maxStalenessMs}`;
      });
    expect(required).toEqual(
      expect.arrayContaining(["dynamodb mixed 2400 1000", "dynamodb busy 2400 1000", "dynamodb busy 12000 5000"]),
    );
    expect(rowRequests({ ...SCOPE, quick: true, environments: [5] }).some(({ mustHold }) => mustHold)).toBe(true);
  });

  test("are looked at once their first bounds have passed, and no longer than the events are worth", () => {
    for (const row of rowRequests(SCOPE)) {
      expect(row.settlingMs).toBeGreaterThan(row.beginningMs);
      expect(row.settlingMs).toBeGreaterThanOrEqual(row.maxStalenessMs);
      const events = (row.virtualMs / 1_000) * (row.environments * invocationsPerSecond(row.fleet));
      expect(events).toBeLessThan(310_000);
    }
  });
});

describe("virtual time", () => {
  test("lets timers fire in their order, each when promises have settled", async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    for (const [ms, name] of [
      [30, "c"],
      [10, "a"],
      [20, "b"],
      [10, "a2"],
    ] as const) {
      clock.after(ms, () => {
        fired.push(`${name} at ${clock.monotonic()}`);
        void Promise.resolve()
          .then(() => Promise.resolve())
          .then(() => fired.push(`after ${name}`));
      });
    }
    const cancel = clock.after(15, () => fired.push("cancelled"));
    cancel();
    await clock.run(25);
    expect(fired).toEqual(["a at 10", "after a", "a2 at 10", "after a2", "b at 20", "after b"]);
    expect([clock.monotonic(), clock.now() - Date.UTC(2026, 0, 1)]).toEqual([25, 25]);
    await clock.run(30);
    expect(fired.slice(-2)).toEqual(["c at 30", "after c"]);
  });

  test("keeps the order among very many", async () => {
    const clock = new VirtualClock();
    const random = seeded(3);
    const fired: number[] = [];
    for (let index = 0; index < 3_000; index++) {
      const cancel = clock.after(Math.floor(random() * 1_000), () => fired.push(clock.monotonic()));
      if (random() < 0.3) cancel();
    }
    await clock.run(1_000);
    expect(fired).toEqual([...fired].sort((a, b) => a - b));
    expect(fired.length).toBeGreaterThan(1_800);
  });
});

test("durations are told to a quarter of a millisecond, in bounded memory", () => {
  const durations = new Durations();
  expect(durations.quantile(0.5)).toBe(0);
  for (let ms = 1; ms <= 100; ms++) durations.add(ms);
  expect([durations.quantile(0.5), durations.quantile(0.99), durations.quantile(1)]).toEqual([50, 99, 100]);
  durations.add(1e9);
  expect(durations.quantile(1)).toBeCloseTo(2_048, -1);
});

test("the page has every row, its date, and the cheaper log that holds", async () => {
  const requests = (["kinesis", "dynamodb"] as const).map((log) => ({
    ...REQUEST,
    fleet: "mixed" as const,
    log,
    invalidationsPerSecond: 10,
  }));
  const rows = await Promise.all(requests.map(async (request) => rowOf(request, await runFleet(request), false)));
  const page = pageOf(rows, "2026-11-28");
  expect(page).toContain("Made on 2026-11-28 by `npm run fleet -- --write`");
  expect(page.match(/^\| 10 \| 1,000 \| 10 \|/gm)).toHaveLength(2);
  expect(page).toMatch(/^\| 10 \| {2}\| (Kinesis|DynamoDB), \$[\d.]+ \| {2}\|$/m);
  expect(lineOf(rows[0] as FleetRow)).toContain("Kinesis");
});
