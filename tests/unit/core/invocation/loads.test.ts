/** How concurrent loads of one id are found and shared. */
import { describe, expect, test } from "@jest/globals";
import { createLoads } from "../../../../src/core/invocation/loads.js";
import { settled } from "../../../../src/testing/manual-clock.js";

const KEY = "id=1&s=s&t=data.ID";
const at = (epoch: number) => ({ epoch, atMs: epoch, monotonicMs: epoch });

function pending() {
  let resolve: (value: string) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<string>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { work: () => promise, resolve, reject };
}

describe("Loads", () => {
  test("a load under way is found by its key, and by no other", async () => {
    const loads = createLoads<string>();
    const { work, resolve } = pending();
    const run = loads.run(KEY, at(1), "a", work);
    const found = loads.find(KEY);
    expect(loads.find("id=2&s=s&t=data.ID")).toBeUndefined();
    resolve("value");
    expect([await run, await found?.result]).toEqual(["value", "value"]);
  });

  test("what is found says when it began, and whose it is", () => {
    const loads = createLoads<string>();
    void loads.run(KEY, at(7), "owner", pending().work);
    expect(loads.find(KEY)).toMatchObject({ start: at(7), owner: "owner" });
  });

  test("a load that has settled, well or not, is not found any more", async () => {
    const loads = createLoads<string>();
    await loads.run(KEY, at(1), "a", async () => "value");
    await settled();
    expect(loads.find(KEY)).toBeUndefined();
    await expect(loads.run(KEY, at(1), "a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await settled();
    expect(loads.find(KEY)).toBeUndefined();
  });

  test("the latest load is the one on offer, even when an earlier one settles after it began", async () => {
    const loads = createLoads<string>();
    const earlier = pending();
    const later = pending();
    const runs = [loads.run(KEY, at(1), "a", earlier.work), loads.run(KEY, at(2), "b", later.work)];
    earlier.resolve("old");
    await runs[0];
    await settled();
    const found = loads.find(KEY);
    later.resolve("new");
    expect(await found?.result).toBe("new");
  });
});
