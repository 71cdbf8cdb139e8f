/** How concurrent loads of one id are found and shared. */
import { describe, expect, test } from "@jest/globals";
import { dataId } from "../../../src/core/data-id.js";
import { createLoads } from "../../../src/core/loads.js";
import { settled } from "../../../src/testing/manual-clock.js";

const ID = dataId<string>("s", "1");
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
  test("a load under way is found by its id, wherever that was made, and by no other", async () => {
    const loads = createLoads<string>();
    const { work, resolve } = pending();
    const run = loads.run(ID, at(1), "a", work);
    const found = loads.find(dataId("s", "1"));
    expect(loads.find(dataId("s", "2"))).toBeUndefined();
    resolve("value");
    expect([await run, await found?.result]).toEqual(["value", "value"]);
  });

  test("what is found says when it began, and whose it is", () => {
    const loads = createLoads<string>();
    void loads.run(ID, at(7), "owner", pending().work);
    expect(loads.find(ID)).toMatchObject({ start: at(7), owner: "owner" });
  });

  test("a load that has settled, well or not, is not found any more", async () => {
    const loads = createLoads<string>();
    await loads.run(ID, at(1), "a", async () => "value");
    await settled();
    expect(loads.find(ID)).toBeUndefined();
    await expect(loads.run(ID, at(1), "a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await settled();
    expect(loads.find(ID)).toBeUndefined();
  });

  test("the latest load is the one on offer, even when an earlier one settles after it began", async () => {
    const loads = createLoads<string>();
    const earlier = pending();
    const later = pending();
    const runs = [loads.run(ID, at(1), "a", earlier.work), loads.run(ID, at(2), "b", later.work)];
    earlier.resolve("old");
    await runs[0];
    await settled();
    const found = loads.find(ID);
    later.resolve("new");
    expect(await found?.result).toBe("new");
  });
});
