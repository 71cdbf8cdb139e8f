/** How concurrent loads of one id are found and shared. */
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { createLoads } from "../../../../src/core/invocation/loads.js";
import { AsyncLocalStorage } from "../../../../src/core/node.js";
import { settled } from "../../../../src/testing/manual-clock.js";

const KEY = "id=1&s=s&t=data.ID";
const [A, B] = [{}, {}];
const at = (epoch: number) => ({ epoch, atMs: epoch, monotonicMs: epoch });

/** Ends what a test has left under way: whether any load of the process is, counts. */
const endings: (() => void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) end();
  await settled();
});

function pending() {
  let resolve: (value: string) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<string>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  endings.push(() => resolve(""));
  return { promise, work: () => promise, resolve, reject };
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

  test("what a settled load has left behind may wait for a load that had waited for that one", async () => {
    const loads = createLoads();
    const [first, second, behind] = [pending(), pending(), pending()];
    let mayWait: boolean | undefined;
    const run = loads.run(KEY, at(1), A, () => {
      void behind.promise.then(() => {
        mayWait = loads.find("second", A)?.mayBeWaitedFor();
      });
      return first.promise;
    });
    void loads.run("second", at(2), A, () => {
      expect(loads.find(KEY, A)?.mayBeWaitedFor()).toBe(true);
      return second.promise;
    });
    first.resolve("value");
    await run;
    await settled();
    behind.resolve("");
    await settled();
    expect(mayWait).toBe(true);
  });

  test("promises are tracked only while a load is under way: Node.js takes time for each of the process's", async () => {
    const off = jest.spyOn(AsyncLocalStorage.prototype, "disable");
    const loads = createLoads();
    const [first, second] = [pending(), pending()];
    const runs = [loads.run("first", at(1), A, first.work), loads.run("second", at(2), B, second.work)];
    first.resolve("");
    await runs[0];
    await settled();
    const timesBefore = off.mock.calls.length;
    second.resolve("");
    await runs[1];
    await settled();
    expect([timesBefore, off.mock.calls.length]).toEqual([0, 1]);
    off.mockRestore();
  });
});
