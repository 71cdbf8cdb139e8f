/** What may be given to the cache, and what becomes of values that have code, promises or a size of their own. */
import { describe, expect, test } from "@jest/globals";
import { type DataId, dataId } from "../../../../src/core/data-id.js";
import { InvalidDataIdError, InvalidOptionError, InvalidValueError, ScacheError } from "../../../../src/errors.js";
import { settled } from "../../../../src/testing/manual-clock.js";
import { Rig, userId } from "../../support/rig.js";

const ONE = userId("1");
/** A name of its own, since the linter takes who writes it for somebody who did not mean to. */
const THEN = "then";
const ANY = dataId<unknown>("db.any", "1");

function unwanted(): never {
  throw new Error("code of the value's ran");
}

const traps = new Proxy({}, { get: unwanted });

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe("a value with code of its own", () => {
  class Entity {
    readonly name = "Ann";
    get posts() {
      return unwanted();
    }
    toJSON() {
      return unwanted();
    }
  }
  const values: [what: string, value: unknown][] = [
    ["a getter", Object.defineProperty({ name: "Ann" }, "posts", { get: unwanted, enumerable: true })],
    ["a getter of its class", new Entity()],
    ["a getter named then", Object.defineProperty({}, THEN, { get: unwanted })],
    ["a Proxy", new Proxy({ name: "Ann" }, traps)],
    ["a Proxy of an array", new Proxy(["Ann"], traps)],
    ["a Proxy that was revoked", revoked()],
    ["a Proxy for a prototype", Object.create(new Proxy({}, traps))],
    ["a Proxy within", { list: [new Proxy({}, traps)], map: new Map([[1, new Proxy({}, traps)]]) }],
  ];

  for (const freeze of [true, "copy", false] as const) {
    test.each(values)(`V1, V2: %s is stored, and no code of it runs, with freeze ${freeze}`, async (_, value) => {
      const rig = new Rig({ freeze });
      const { cache } = await rig.invocation();
      expect(cache.add(ANY, value)).toBe(true);
      const served = cache.get(ANY) as object;
      expect(typeof served).toBe("object");
      expect(rig.notices.debugs).toEqual([]);
    });
  }

  test("V4: a module is stored, alone and as a member", async () => {
    const { cache } = await new Rig().invocation();
    const module = await import("../../support/exporting.js");
    expect([cache.add(ANY, module), cache.add(dataId<unknown>("s", "2"), { module })]).toEqual([true, true]);
    expect(cache.get(ANY)).toBe(module);
  });
});

describe("freeze: copy", () => {
  const id = dataId<{ name: string; tags: string[] }>("db.users", "1");
  const make = () => ({ name: "Ann", tags: ["a"] });
  const change = (user: { name: string; tags: string[] }) => {
    user.name = "changed";
    user.tags.push("changed");
  };

  test("V7: each may change what it is handed, and no other sees it", async () => {
    const { cache } = await new Rig({ freeze: "copy" }).invocation();
    const added = make();
    cache.add(id, added);
    change(added);
    for (const served of [cache.get(id), await cache.getOrAdd(id, unwanted), cache.get(id)]) {
      expect(served).toEqual(make());
      change(served as typeof added);
    }
  });

  test("V7: so may those who share one load, the one who loads included, and what the loader keeps", async () => {
    const rig = new Rig({ freeze: "copy" });
    await rig.warm({ other: "value" });
    const [first, second] = [await rig.invocation(), await rig.invocation()];
    const loaded = make();
    const load = async () => loaded;
    const asked = [first.cache.getOrAdd(id, load), first.cache.getOrAdd(id, load), second.cache.getOrAdd(id, load)];
    const seen = asked.map((one) =>
      one.then((user) => {
        const before = structuredClone(user);
        change(user);
        change(loaded);
        return before;
      }),
    );
    expect(await Promise.all(seen)).toEqual([make(), make(), make()]);
    expect(second.cache.get(id)).toEqual(make());
    expect(second.end()).toMatchObject({ loadsShared: 1 });
  });

  test("V7: what is measured is the value, and what is too large is handed out all the same", async () => {
    const measured: unknown[] = [];
    const sizeOf = (value: unknown) => measured.push(value);
    const { cache } = await new Rig({ freeze: "copy", sizeOf, maxBytes: 1 }).invocation();
    expect(cache.add(id, make())).toBe(true);
    expect(await cache.getOrAdd(dataId<object>("db.users", "2"), make)).toEqual(make());
    expect(measured).toEqual([make(), make()]);
  });
});

describe("a promise given to add", () => {
  class Query {
    [THEN](): never {
      return unwanted();
    }
  }

  test.each([
    ["a promise", Promise.resolve(1)],
    ["of a class of its own", new (class extends Promise<number> {})((resolve) => resolve(1))],
    ["a query that begins when it is waited for", new Query()],
    ["a thenable", { [THEN]: unwanted }],
    ["a thenable function", Object.assign(() => 1, { [THEN]: unwanted })],
  ])("V8: is refused at once with a reason, and nothing of it runs: %s", async (_, value) => {
    const { cache } = await new Rig().invocation();
    cache.add(ANY, "before");
    expect(() => cache.add(ANY, value)).toThrow(InvalidValueError);
    expect(() => cache.add(ANY, value)).toThrow(
      expect.objectContaining({
        code: "INVALID_VALUE",
        message: "scache: a promise cannot be cached: await it first, or give getOrAdd the function that loads it",
      }),
    );
    expect(cache.get(ANY)).toBe("before");
  });

  test("V8: that is rejected later ends no process for having been refused", async () => {
    const { cache } = await new Rig().invocation();
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", listen);
    expect(() => cache.add(ANY, Promise.reject(new Error("no such table")))).toThrow(ScacheError);
    await settled();
    await settled();
    process.off("unhandledRejection", listen);
    expect(unhandled).toEqual([]);
  });

  test("V8: within a value is the value's own affair", async () => {
    const { cache } = await new Rig().invocation();
    expect(cache.add(ANY, { rows: Promise.resolve([]), [THEN]: "a text" })).toBe(true);
  });
});

describe("a value too large", () => {
  test("V8: is told of once, by its source and sizes, and never by its id or content", async () => {
    const rig = new Rig({ maxBytes: 1_000 });
    const { cache } = await rig.invocation();
    for (const name of ["secret-1", "secret-2"]) {
      expect(cache.add(dataId<string>("db.files.id", name), "content".repeat(1_000))).toBe(false);
      await cache.getOrAdd(dataId<string>("db.files.id", name), () => "content".repeat(1_000));
    }
    const what =
      'a value of source "db.files.id" is too large to be cached: it has at least 14094 bytes, maxBytes is 1000';
    expect(rig.notices.advice).toEqual([[what, { source: "db.files.id", bytes: 14_094, maxBytes: 1_000 }]]);
  });

  test("V8: a value that just fits is not", async () => {
    const rig = new Rig({ maxBytes: 1_000, sizeOf: () => 1_000 });
    expect((await rig.invocation()).cache.add(ONE, "one")).toBe(true);
    expect(rig.notices.advice).toEqual([]);
  });
});

describe("what is no id and no options", () => {
  const wrong: [what: string, value: unknown][] = [
    ["a Proxy", new Proxy({}, traps)],
    ["a Proxy of an id", new Proxy(ONE, {})],
    ["a Proxy that was revoked", revoked()],
    ["something with getters", Object.defineProperties({}, { source: { get: unwanted }, id: { get: unwanted } })],
    ["an heir of an id", Object.create(ONE)],
    ["a symbol", Symbol("id")],
    ["a revoked function", Proxy.revocable(() => 1, {}).proxy],
  ];

  test.each(wrong)("V10: %s in place of an id is refused in words, and no code of it runs", async (_, value) => {
    const { cache } = await new Rig().invocation();
    const id = value as DataId<string>;
    expect(() => cache.get(id)).toThrow(InvalidDataIdError);
    expect(() => cache.add(id, "one")).toThrow(InvalidDataIdError);
    await expect(cache.getOrAdd(id, unwanted)).rejects.toThrow(InvalidDataIdError);
    await expect(cache.invalidate(id)).rejects.toThrow(InvalidDataIdError);
    expect(() => dataId("s", value as string)).toThrow(InvalidDataIdError);
  });

  test("V10: an object with observableId() may be a Proxy: it was made to be called", async () => {
    const { cache } = await new Rig().invocation();
    cache.add(ONE, "one");
    await cache.invalidate(new Proxy({ observableId: () => ONE }, {}));
    expect(cache.get(ONE)).toBeUndefined();
  });

  test.each([...wrong.slice(0, 3), ["an array of them", [revoked()]]] as typeof wrong)(
    "V10: %s in place of options is refused in words",
    async (_, value) => {
      const options = value as { ttlMs: number };
      const { cache } = await new Rig().invocation();
      expect(() => cache.add(ONE, "one", options)).toThrow(InvalidOptionError);
      expect(() => new Rig(options as object)).toThrow(InvalidOptionError);
      expect(() => new Rig({ ttlMs: value as number })).toThrow(InvalidOptionError);
      expect(() => new Rig({ client: value } as object)).toThrow(InvalidOptionError);
    },
  );
});
