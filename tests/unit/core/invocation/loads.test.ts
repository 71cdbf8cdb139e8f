/** How concurrent loads of one id are found and shared. */
import { describe, expect, test } from "@jest/globals";
import { createLoads } from "../../../../src/core/invocation/loads.js";
import { settled } from "../../../../src/testing/manual-clock.js";

const KEY = "id=1&s=s&t=data.ID";
const [A, B] = [{}, {}];
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
    const loads = createLoads();
    const { work, resolve } = pending();
    const run = loads.run(KEY, at(1), A, work);
    const found = loads.find(KEY, B);
    expect(loads.find("id=2&s=s&t=data.ID", B)).toBeUndefined();
    resolve("value");
    expect([await run, await found?.result]).toEqual(["value", "value"]);
  });

  test("what is found says when it began, and whose it is", () => {
    const loads = createLoads();
    void loads.run(KEY, at(7), A, pending().work);
    expect(loads.find(KEY, B)).toMatchObject({ start: at(7), owner: A });
  });

  test("a load that has settled, well or not, is not found any more", async () => {
    const loads = createLoads();
    await loads.run(KEY, at(1), A, async () => "value");
    await settled();
    expect(loads.find(KEY, B)).toBeUndefined();
    await expect(loads.run(KEY, at(1), A, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await settled();
    expect(loads.find(KEY, B)).toBeUndefined();
  });

  test("the latest load is the one on offer, even when an earlier one settles after it began", async () => {
    const loads = createLoads();
    const earlier = pending();
    const later = pending();
    const runs = [loads.run(KEY, at(1), A, earlier.work), loads.run(KEY, at(2), B, later.work)];
    earlier.resolve("old");
    await runs[0];
    await settled();
    const found = loads.find(KEY, {});
    later.resolve("new");
    expect(await found?.result).toBe("new");
  });

  test("nobody waits for a load whose owner is gone, also where that has begun another of the same key since", async () => {
    const loads = createLoads();
    void loads.run(KEY, at(1), A, pending().work);
    const outcomes = [loads.find(KEY, B)?.outcome()];
    void loads.run(KEY, at(2), A, pending().work);
    outcomes.push(loads.find(KEY, B)?.outcome());
    loads.leave(A);
    expect(await Promise.all(outcomes)).toEqual([undefined, undefined]);
    expect([loads.find(KEY, B), loads.find(KEY, A)?.start]).toEqual([undefined, at(2)]);
  });

  test("loads of one key in two environments, each begun within the other, are no cycle", async () => {
    const [here, there] = [createLoads(), createLoads()];
    const inner = () => here.run(KEY, at(3), A, async () => "value");
    expect(await here.run(KEY, at(1), A, () => there.run(KEY, at(2), B, inner))).toBe("value");
  });
});
