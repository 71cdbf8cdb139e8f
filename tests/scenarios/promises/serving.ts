/** Promises about what is served: nothing that was invalidated, or for no longer than was asked for. */
import { expect } from "@jest/globals";
import { moveClock } from "../../support/moved-clock.js";
import { rowId, type Stage } from "../../support/stage.js";
import type { TestEnvironment } from "../../support/test-environment.js";

const times = <T>(count: number, work: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => work(i));

export async function invalidatedMeansGone(stage: Stage): Promise<void> {
  const environments = times(3, () => stage.environment());
  const acknowledged = new Map<string, number>();
  let hits = 0;
  const reader = async (environment: TestEnvironment) => {
    for (let round = 0; round < 24; round += 1) {
      const id = String(round % 3);
      const oldest = acknowledged.get(id) ?? 1;
      const read = await environment.read(id);
      expect(read.version).toBeGreaterThanOrEqual(oldest);
      if (read.hit) hits += 1;
    }
  };
  const writer = async (environment: TestEnvironment) => {
    for (let round = 0; round < 9; round += 1) {
      const id = String(round % 3);
      const version = stage.write(id);
      await environment.invoke((cache) => cache.invalidate(rowId(id)));
      acknowledged.set(id, Math.max(version, acknowledged.get(id) ?? 1));
    }
  };
  await Promise.all(
    environments.flatMap((environment) => [reader(environment), reader(environment), writer(environment)]),
  );
  for (const writing of environments) {
    const version = stage.write("1");
    await writing.invoke((cache) => cache.invalidate(rowId("1")));
    for (const environment of environments) expect((await environment.read("1")).version).toBe(version);
    for (const environment of environments) expect(await environment.read("1")).toMatchObject({ version, hit: true });
  }
  expect(hits).toBeGreaterThan(0);
}

export async function oldLoadsStayOut(stage: Stage): Promise<void> {
  const current = (id: string) => stage.rows.get(id) ?? 1;
  const environment = await stage.environment().settle("other");
  const load = () => stage.load("1");
  const adding: Record<string, (change: () => Promise<unknown>) => Promise<unknown>> = {
    "get and add": (change) =>
      environment.invoke(async (cache) => {
        cache.get(rowId("1"));
        const row = await load();
        await change();
        cache.add(rowId("1"), row);
      }),
    "add alone": (change) =>
      environment.invoke(async (cache) => {
        const row = await load();
        await change();
        cache.add(rowId("1"), row);
      }),
    getOrAdd: (change) =>
      environment.invoke((cache) =>
        cache.getOrAdd(rowId("1"), async () => {
          const row = await load();
          await change();
          return row;
        }),
      ),
  };
  const changes: (() => Promise<unknown>)[] = [
    () => stage.change("1"),
    () => stage.change("1").then(() => environment.read("other")),
    () => {
      stage.write("1");
      return environment.invoke((cache) => cache.invalidate(rowId("1")));
    },
  ];
  for (const add of Object.values(adding)) {
    for (const change of changes) {
      await add(change);
      expect((await environment.read("1")).version).toBe(current("1"));
      await stage.change("1");
    }
  }
}

export async function stalenessIsBounded(stage: Stage): Promise<void> {
  const current = (id: string) => stage.rows.get(id) ?? 1;
  const maxStalenessMs = 10_000;
  const clock = moveClock();
  const environments = times(2, () => stage.environment({ maxStalenessMs }));
  /** When each version's change was acknowledged: from then on older versions are out of date. */
  const acknowledgedAtMs: number[] = [];
  let hits = 0;
  let oldHits = 0;
  stage.proxy.resetCounts();
  for (let step = 0; step < 150; step += 1) {
    clock.advance((step * 7_919) % 4_000);
    if (step % 5 === 4) {
      await stage.change("1");
      acknowledgedAtMs[current("1")] = Date.now();
    }
    const beganMs = Date.now();
    const read = await (environments[(step >> 1) % 2] as TestEnvironment).read("1");
    const outdatedAtMs = acknowledgedAtMs[read.version + 1] ?? Number.POSITIVE_INFINITY;
    expect(beganMs - outdatedAtMs).toBeLessThanOrEqual(maxStalenessMs);
    if (!read.hit) continue;
    hits += 1;
    if (read.version < current("1")) oldHits += 1;
    expect(read.freshness.boundMs).toBeLessThanOrEqual(maxStalenessMs);
  }
  // The bound is used, not only kept: most hits cost no call, and some are of a value that has just changed.
  expect(stage.proxy.calls.GetRecords).toBeLessThan(2 * hits);
  expect(oldHits).toBeGreaterThan(0);
}
