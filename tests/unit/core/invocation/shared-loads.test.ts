/** What becomes of a load that is shared when it fails, when its owner ends, when it never settles, and when loads wait for each other. */
import { describe, expect, test } from "@jest/globals";
import type { DataId } from "../../../../src/core/data-id.js";
import type { ContextCache } from "../../../../src/core/invocation/context-cache.js";
import { LoadCycleError } from "../../../../src/errors.js";
import { settled } from "../../../../src/testing/manual-clock.js";
import { heldBytes } from "../../../support/heap.js";
import { Rig, slowLoad, userId } from "../../support/rig.js";

const [A, B, C] = [userId("a"), userId("b"), userId("c")];
const never = () => new Promise<never>(() => undefined);

/** Invocations under way at once, with something cached, so that they share loads. */
async function several(count: number, remainingMs: readonly number[] = []) {
  const rig = new Rig();
  await rig.warm({ other: "value" });
  const invocations = [];
  for (let at = 0; at < count; at++) invocations.push(await rig.invocation(remainingMs[at]));
  return { rig, invocations };
}

describe("P8: a load shared with another invocation", () => {
  test("that fails is made by oneself, whatever it failed with, and once", async () => {
    const { invocations } = await several(3);
    const slow = slowLoad<string>();
    const [first, ...others] = invocations.map(({ cache }, at) =>
      cache.getOrAdd(A, at === 0 ? slow.load : () => `own ${at}`),
    );
    slow.fails(undefined);
    await expect(first).rejects.toBeUndefined();
    expect(await Promise.all(others)).toEqual(["own 1", "own 2"]);
    expect(invocations[1]?.end()).toMatchObject({ loadsShared: 1, misses: 1, hits: 0, fillsRefused: 0 });
  });

  test("that fails, as one's own does then, fails with one's own error, and no third load is begun", async () => {
    const { invocations } = await several(3);
    const slow = slowLoad<string>();
    let loads = 0;
    const failing = () => Promise.reject(new Error(`own ${++loads}`));
    const asked = invocations.map(({ cache }, at) => cache.getOrAdd(A, at === 0 ? slow.load : failing));
    slow.fails(new Error("of another"));
    const reasons = (await Promise.allSettled(asked)).map((one) =>
      one.status === "rejected" ? one.reason.message : "",
    );
    expect([reasons.sort(), loads]).toEqual([["of another", "own 1", "own 2"], 2]);
  });

  test("that fails is made once for all that wait for it in one invocation", async () => {
    const { invocations } = await several(2);
    const slow = slowLoad<string>();
    let loads = 0;
    const own = async () => `own ${++loads}`;
    const first = invocations[0]?.cache.getOrAdd(A, slow.load);
    const asked = [1, 2, 3].map(() => invocations[1]?.cache.getOrAdd(A, own));
    slow.fails(new Error("of another"));
    await expect(first).rejects.toThrow("of another");
    expect(await Promise.all(asked)).toEqual(["own 1", "own 1", "own 1"]);
  });

  test("whose owner ends is made by oneself at once, though it never settles", async () => {
    const { rig, invocations } = await several(2);
    const [first, second] = invocations;
    void first?.cache.getOrAdd(A, never);
    const asked = second?.cache.getOrAdd(A, () => "own");
    first?.end();
    expect(await asked).toBe("own");
    expect(rig.clock.pendingTimers).toBe(0);
  });

  test("whose owner's time is up without a word is made by oneself then", async () => {
    const { rig, invocations } = await several(2, [1_000, 60_000]);
    const [first, second] = invocations;
    void first?.cache.getOrAdd(A, never);
    const asked = second?.cache.getOrAdd(A, () => "own");
    await rig.clock.advance(1_001);
    expect(await asked).toBe("own");
    expect(rig.clock.pendingTimers).toBe(0);
  });

  test("leaves no timer behind, whether it settles or the one who waits ends", async () => {
    const { rig, invocations } = await several(3);
    const [first, second, third] = invocations;
    const slow = slowLoad<string>();
    void first?.cache.getOrAdd(A, slow.load);
    void first?.cache.getOrAdd(B, never);
    const asked = second?.cache.getOrAdd(A, never);
    void third?.cache.getOrAdd(B, () => "own");
    slow.returns("shared");
    expect(await asked).toBe("shared");
    third?.end();
    expect(rig.clock.pendingTimers).toBe(0);
  });

  test("is handed on to a response that is still streaming when both have ended", async () => {
    const { invocations } = await several(2);
    const [first, second] = invocations;
    void first?.cache.getOrAdd(A, never);
    const asked = second?.cache.getOrAdd(A, () => "own");
    second?.end();
    first?.end();
    expect(await asked).toBe("own");
  });
});

describe("P9: loaders that ask for what is being loaded", () => {
  /** A loader that first waits, then asks for another datum, then returns. */
  const asking = (cache: ContextCache, id: DataId<string>, load: () => string | Promise<string>) => async () => {
    await settled();
    return `of ${await cache.getOrAdd(id, load)}`;
  };

  test.each([
    ["at once", undefined],
    ["after it has waited", settled],
    ["after it has read the stream", "refresh"],
    ["after it has invalidated it", "invalidate"],
  ] as const)("its own id, %s: the other loader is run beside it", async (_, wait) => {
    const { cache } = await new Rig().invocation();
    const value = await cache.getOrAdd(A, async () => {
      if (wait === "refresh") await cache.refresh();
      else if (wait === "invalidate") await cache.invalidate(A);
      else await wait?.();
      return `of ${await cache.getOrAdd(A, () => "inner")}`;
    });
    expect(value).toBe("of inner");
  });

  test.each([
    ["at once", undefined],
    ["after it has waited", settled],
  ])("its own id with itself for a loader, %s: rejects, naming the id", async (_, wait) => {
    const rig = new Rig();
    const { cache } = await rig.invocation();
    let loads = 0;
    const load = async (): Promise<string> => {
      loads++;
      await wait?.();
      return cache.getOrAdd(A, load);
    };
    const failure = await cache.getOrAdd(A, load).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LoadCycleError);
    expect(failure).toMatchObject({ code: "LOAD_CYCLE", ids: [A.toString()] });
    expect((failure as Error).message).toBe(`scache: loading ${A} asks for ${A}: no load of them can end`);
    expect([Object.keys(failure as object).includes("ids"), loads]).toEqual([false, 2]);
    expect(await cache.getOrAdd(A, () => "of another loader")).toBe("of another loader");
  });

  test("two ids that cross: each gets what it asked for", async () => {
    const { cache } = await new Rig().invocation();
    const both = [
      cache.getOrAdd(
        A,
        asking(cache, B, () => "b"),
      ),
      cache.getOrAdd(
        B,
        asking(cache, A, () => "a"),
      ),
    ];
    // One of them is waited for, since its own does not wait for the other any more.
    expect((await Promise.all(both)).sort()).toEqual(["of a", "of of a"]);
  });

  test("a ring of three, over three invocations: each gets what it asked for", async () => {
    const { invocations } = await several(3);
    const ring = [A, B, C];
    const asked = invocations.map(({ cache }, at) => {
      const next = ring[(at + 1) % 3] ?? A;
      return cache.getOrAdd(
        ring[at] ?? A,
        asking(cache, next, () => `plain ${next.id}`),
      );
    });
    for (const value of await Promise.all(asked)) expect(value).toMatch(/^(of )+plain [abc]$/);
  });

  test("a ring of three whose loaders are the ring: all reject, naming the ids", async () => {
    const { invocations } = await several(3);
    const ring = [A, B, C];
    const loader = (cache: ContextCache, at: number) => async (): Promise<string> => {
      await settled();
      const next = (at + 1) % 3;
      return cache.getOrAdd(ring[next] ?? A, loader(cache, next));
    };
    const asked = invocations.map(({ cache }, at) => cache.getOrAdd(ring[at] ?? A, loader(cache, at)));
    for (const one of await Promise.allSettled(asked)) {
      const reason = (one as PromiseRejectedResult).reason as LoadCycleError;
      expect(reason.code).toBe("LOAD_CYCLE");
      expect([...reason.ids].sort()).toEqual(ring.map(String));
    }
  });

  test("that nobody waits for ends no process", async () => {
    const { cache } = await new Rig().invocation();
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", listen);
    const load = async (): Promise<string> => {
      void cache.getOrAdd(A, load);
      return "value";
    };
    expect(await cache.getOrAdd(A, load)).toBe("value");
    await settled();
    await settled();
    process.off("unhandledRejection", listen);
    expect(unhandled).toEqual([]);
  });

  test("what is asked for by what a loader has left running is shared as ever", async () => {
    const { cache } = await new Rig().invocation();
    let later: Promise<string> | undefined;
    let begin: () => void = () => undefined;
    const signal = new Promise<void>((resolve) => (begin = resolve));
    await cache.getOrAdd(A, () => {
      later = signal.then(() => cache.getOrAdd(B, never));
      return "a";
    });
    const slow = slowLoad<string>();
    const running = cache.getOrAdd(B, slow.load);
    begin();
    await settled();
    slow.returns("b");
    expect([await running, await later]).toEqual(["b", "b"]);
  });

  test("ids that only look like a ring are shared: of two that ask for the same, one loads it", async () => {
    const { cache } = await new Rig().invocation();
    let loads = 0;
    const slow = async () => {
      await settled();
      return `c ${++loads}`;
    };
    const both = [cache.getOrAdd(A, asking(cache, C, slow)), cache.getOrAdd(B, asking(cache, C, slow))];
    expect(await Promise.all(both)).toEqual(["of c 1", "of c 1"]);
  });
});

describe("P10: loads that never settle", () => {
  test("go with their invocations, and so do those who wait for them", async () => {
    const rig = new Rig();
    await rig.warm({ other: "value" });
    const once = async (at: number) => {
      const [first, second] = [await rig.invocation(), await rig.invocation()];
      void first.cache.getOrAdd(userId(`${at}`), never);
      void second.cache.getOrAdd(userId(`${at}`), never);
      second.end();
      first.end();
    };
    for (let at = 0; at < 200; at++) await once(at);
    const before = await heldBytes();
    for (let at = 0; at < 4_000; at++) await once(at);
    // Kept, they were 1.9 KB each.
    expect(((await heldBytes()) - before) / 8_000).toBeLessThan(500);
  }, 10_000);

  test("go with invocations whose end nobody told, once their time is up", async () => {
    const rig = new Rig();
    await rig.warm({ other: "value" });
    const lost = await rig.invocation(1_000);
    void lost.cache.getOrAdd(A, never);
    await rig.clock.advance(1_001);
    const next = await rig.invocation();
    expect(await next.cache.getOrAdd(A, () => "own")).toBe("own");
  });
});
