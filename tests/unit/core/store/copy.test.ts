/** What a copy is of its own, what it shares with its original, and that making it runs no code of the value's. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { copyAgain, deepCopy } from "../../../../src/core/store/copy.js";
import { deepFreeze } from "../../../../src/core/store/freeze.js";

describe("deepCopy", () => {
  test("V7: of plain data is equal, and shares no object with it that could be changed", () => {
    fc.assert(
      fc.property(fc.anything({ withDate: true, withMap: true, withSet: true, withSparseArray: true }), (value) => {
        // Of two invalid dates nobody says that they are equal.
        fc.pre(objectsOf(value).every((object) => !(object instanceof Date) || !Number.isNaN(object.getTime())));
        const copy = deepCopy(value);
        expect(copy).toStrictEqual(value);
        expect(objectsOf(copy).filter((object) => objectsOf(value).includes(object))).toEqual([]);
      }),
    );
  });

  const SYMBOL = Symbol("named");

  test("V7: of what is frozen may be changed, and so may what it holds", () => {
    const original = deepFreeze({
      name: "Ann",
      tags: ["a"],
      [SYMBOL]: { deep: 1 },
      bare: Object.create(null),
    });
    const copy = deepCopy({ ...original, hidden: Object.defineProperty({ a: 1 }, "b", { value: { c: 1 } }) });
    copy.name = "Bea";
    copy.tags.push("b");
    copy[SYMBOL] = { deep: 2 };
    copy.bare.added = true;
    const hidden = copy.hidden as { b?: { c?: number } };
    hidden.b = { c: 2 };
    expect(original).toEqual({ name: "Ann", tags: ["a"], [SYMBOL]: { deep: 1 }, bare: {} });
    expect([copy.name, copy.tags, hidden.b.c]).toEqual(["Bea", ["a", "b"], 2]);
  });

  test("V7: keeps cycles, and what is held twice is held twice in it", () => {
    const shared = { n: 1 };
    const value: Record<string, unknown> = {
      shared,
      again: [shared],
      map: new Map<unknown, unknown>([[shared, shared]]),
    };
    value.self = value;
    const copy = deepCopy(value) as { shared: object; again: object[]; map: Map<object, object>; self: unknown };
    expect(copy.self).toBe(copy);
    expect(copy.shared).not.toBe(shared);
    expect([copy.again[0], copy.map.get(copy.shared)]).toEqual([copy.shared, copy.shared]);
    expect(copy.again[0]).toBe(copy.shared);
  });

  test("V7: has instances of classes, Proxies, functions and bytes in it as they are", () => {
    class User {}
    const proxy = new Proxy({}, { get: unwanted, ownKeys: unwanted, getPrototypeOf: unwanted });
    class Rows extends Map {}
    const value = {
      user: new User(),
      proxy,
      rows: new Rows(),
      load: () => 1,
      bytes: Buffer.of(1),
      error: new Error("no"),
    };
    const copy = deepCopy(value);
    for (const name of Object.keys(value) as (keyof typeof value)[]) expect(copy[name] === value[name]).toBe(true);
  });

  test("V2: keeps getters, and runs none", () => {
    const value = {
      list: [1],
      get posts() {
        return unwanted();
      },
    };
    const copy = deepCopy({ value }).value;
    expect(Object.getOwnPropertyDescriptor(copy, "posts")?.get).toBeInstanceOf(Function);
    copy.list.push(2);
    expect(value.list).toEqual([1]);
  });

  test("keeps what an array has besides its elements: its class, names, holes", () => {
    class Result<T> extends Array<T> {}
    const rows = Object.assign(new Result<number>(), { command: { is: "SELECT" } });
    rows.push(1);
    const copy = deepCopy(rows);
    expect([copy, copy.command]).toEqual([rows, { is: "SELECT" }]);
    expect([copy instanceof Result, copy.command === rows.command]).toEqual([true, false]);
    const sparse: number[] = [];
    sparse[4_000_000_000] = 1;
    sparse.length += 1;
    expect([deepCopy(sparse).length, Object.keys(deepCopy(sparse))]).toEqual([4_000_000_002, ["4000000000"]]);
  });

  test.each([0, 1_001, 100_000])(
    "V7: of an array of %i elements has its named members, whatever their names",
    (length) => {
      const names = ["count", "-1", "01", "", "1e3", "1.5", "4294967295"];
      const original = Object.assign(
        Array.from({ length }, (_, index) => index),
        Object.fromEntries(names.map((name) => [name, { name }])),
      );
      const kept = deepCopy({ rows: original });
      for (const { rows } of [kept, copyAgain(kept)]) {
        const copy = rows as unknown as Record<string, { name: string }>;
        expect(Object.keys(copy).slice(length)).toEqual(names);
        for (const name of names) {
          expect(copy[name]).toEqual({ name });
          expect(copy[name]).not.toBe((original as unknown as typeof copy)[name]);
        }
        expect(copy.length).toBe(length);
      }
    },
  );

  test("a member named __proto__ is a member", () => {
    const value = JSON.parse('{"__proto__":{"admin":true}}') as object;
    const copy = deepCopy(value);
    expect([Object.keys(copy), Reflect.get(copy, "admin")]).toEqual([["__proto__"], undefined]);
  });

  test("is not stopped by depth", () => {
    let value: { inner?: object } = {};
    for (let depth = 0; depth < 100_000; depth++) value = { inner: value };
    let copy: { inner?: object } | undefined = deepCopy(value);
    let depth = 0;
    for (; copy !== undefined; copy = copy.inner) depth++;
    expect(depth).toBe(100_001);
  });
});

function unwanted(): never {
  throw new Error("code of the value's ran");
}

/** Every object reached, functions apart. */
function objectsOf(value: unknown): object[] {
  const found = new Set<object>();
  const look = (each: unknown) => {
    if (typeof each !== "object" || each === null || found.has(each)) return;
    found.add(each);
    if (each instanceof Map) for (const entry of each) entry.forEach(look);
    else if (each instanceof Set) for (const member of each) look(member);
    else for (const member of Object.values(each)) look(member);
  };
  look(value);
  return [...found];
}
