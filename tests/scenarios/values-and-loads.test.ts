/** The user's own objects, and loads that others share, through Middy as a function has them. Rows of what outside eyes found. */
import { describe, expect, test } from "@jest/globals";
import middy from "@middy/core";
import { type ContextCache, dataId, LoadCycleError, ScacheError, type ScacheOptions } from "../../src/index.js";
import { ManualClock, MemoryStream, type TestScacheOptions, testScache } from "../../src/testing/index.js";

type Work = (cache: ContextCache) => unknown;

/** One environment: invokes what it is given within a handler. */
function environment(options: Partial<ScacheOptions> = {}, onReport: TestScacheOptions["onReport"] = () => undefined) {
  const clock = new ManualClock();
  const handler = middy<{ work: Work }, unknown>()
    .use(testScache(new MemoryStream({ clock }), { ...(options as object), clock, onReport }))
    .handler(async (event, context) => event.work(context.cache));
  return <T>(work: (cache: ContextCache) => T) =>
    handler({ work }, { getRemainingTimeInMillis: () => 60_000 } as never) as Promise<Awaited<T>>;
}

function signal() {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { give, given };
}

const ANY = dataId<unknown>("db.any", "1");
const [A, B] = [dataId<string>("db.any", "a"), dataId<string>("db.any", "b")];

describe("a value of the user's", () => {
  test("V1: that names more than its target has is answered with, cold and warm", async () => {
    const invoke = environment();
    const row = () =>
      new Proxy(
        { id: 1 },
        {
          ownKeys: (target) => [...Reflect.ownKeys(target), "full"],
          get: (target, name) => (name === "full" ? "Ann" : Reflect.get(target, name)),
          getOwnPropertyDescriptor: (target, name) =>
            name === "full"
              ? { configurable: true, enumerable: true, value: "Ann" }
              : Reflect.getOwnPropertyDescriptor(target, name),
        },
      );
    for (const _ of ["cold", "warm"]) {
      expect(await invoke(async (cache) => JSON.stringify(await cache.getOrAdd(ANY, row)))).toBe(
        '{"id":1,"full":"Ann"}',
      );
    }
  });

  test("V2: with a getter that loads is cached without loading", async () => {
    const invoke = environment();
    let loads = 0;
    const user = () => ({
      name: "Ann",
      get posts() {
        loads++;
        return Promise.reject(new Error("the connection is closed"));
      },
    });
    for (const _ of ["cold", "warm"]) await invoke((cache) => cache.getOrAdd(ANY, user));
    expect(loads).toBe(0);
  });

  test("V3: that a loader has frozen on top is protected below", async () => {
    const invoke = environment();
    await invoke((cache) => cache.getOrAdd(ANY, () => Object.freeze({ roles: [] as string[] })));
    const grant = (cache: ContextCache) => (cache.get(ANY) as { roles: string[] }).roles.push("admin");
    await expect(invoke(grant)).rejects.toThrow(TypeError);
    expect(await invoke((cache) => cache.get(ANY))).toEqual({ roles: [] });
  });

  test("V7: changed where nobody is told that it is frozen is lost; a copy is the handler's own", async () => {
    // Code without "use strict", as a bundler makes of CommonJS.
    const rename = new Function("user", 'user.name = "changed"; return user.name;') as (user: unknown) => string;
    const renamed = async (invoke: ReturnType<typeof environment>) => {
      await invoke((cache) => cache.add(ANY, { name: "Ann" }));
      const answers = [await invoke((cache) => rename(cache.get(ANY))), await invoke((cache) => cache.get(ANY))];
      return answers;
    };
    expect(await renamed(environment())).toEqual(["Ann", { name: "Ann" }]);
    expect(await renamed(environment({ freeze: "copy" }))).toEqual(["changed", { name: "Ann" }]);
  });

  test("V8: that is still a promise is refused in words", async () => {
    const invoke = environment();
    await expect(invoke((cache) => cache.add(ANY, Promise.reject(new Error("later"))))).rejects.toThrow(ScacheError);
  });
});

describe("loads", () => {
  test("P8: of an invocation that answers early are made by those who shared them", async () => {
    const shared: number[] = [];
    const invoke = environment({}, ({ loadsShared }) => shared.push(loadsShared));
    await invoke((cache) => cache.add(ANY, 1));
    shared.length = 0;
    const [begun, asked] = [signal(), signal()];
    const first = invoke(async (cache) => {
      const abort = new AbortController();
      const load = () =>
        new Promise<string>((_, reject) => abort.signal.addEventListener("abort", () => reject(abort.signal.reason)));
      cache.getOrAdd(A, load).catch(() => undefined);
      begun.give();
      await asked.given;
      abort.abort(new Error("aborted with its invocation"));
    });
    await begun.given;
    const second = invoke((cache) => {
      const value = cache.getOrAdd(A, () => "own");
      asked.give();
      return value;
    });
    expect([await second, await first]).toEqual(["own", undefined]);
    expect(shared).toEqual([0, 1]);
  });

  test("P9: that ask for themselves, or for each other, settle within a second", async () => {
    const invoke = environment();
    const beganAt = performance.now();
    const pause = () => new Promise((resolve) => setTimeout(resolve, 10));
    const itself = invoke(async (cache) => {
      const load = async (): Promise<string> => {
        await pause();
        return cache.getOrAdd(A, load);
      };
      return cache.getOrAdd(A, load);
    });
    await expect(itself).rejects.toThrow(LoadCycleError);
    await expect(itself).rejects.toThrow(A.toString());
    const crossed = await invoke((cache) => {
      const load = (other: typeof A) => async () => {
        await pause();
        return `of ${await cache.getOrAdd(other, async () => other.id)}`;
      };
      return Promise.all([cache.getOrAdd(A, load(B)), cache.getOrAdd(B, load(A))]);
    });
    for (const value of crossed) expect(value).toMatch(/^(of )+[ab]$/);
    expect(performance.now() - beganAt).toBeLessThan(1_000);
  });
});
