/** The benchmarks' caches are built with options that scache takes: a rule that came later would end each suite at once. */
import { describe, expect, test } from "@jest/globals";
import { invoke, settledEnvironment } from "../../../bench/environment.js";
import { dataId } from "../../../src/index.js";
import { ManualClock, MemoryStream } from "../../../src/testing/index.js";

describe("an environment of the benchmarks", () => {
  test("is built, and serves what it holds", async () => {
    const stream = new MemoryStream({ clock: new ManualClock() });
    const environment = settledEnvironment(stream.connect(), 10);
    const id = dataId<string>("users", "1");
    await invoke(environment, (cache) => cache.add(id, "Ada"));
    expect(await invoke(environment, (cache) => cache.get(id))).toBe("Ada");
    expect(await invoke(environment, (cache) => cache.get(id))).toBe("Ada");
  });
});
