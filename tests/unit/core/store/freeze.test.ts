/** What is frozen when it is cached, and what is left as it is. */
import { describe, expect, test } from "@jest/globals";
import { deepFreeze } from "../../../../src/core/store/freeze.js";

describe("deepFreeze", () => {
  test("freezes plain objects and arrays all the way down, in place", () => {
    const value = { a: [{ b: { c: 1 } }], d: Object.assign(Object.create(null) as object, { e: {} }) };
    expect(deepFreeze(value)).toBe(value);
    expect(() => Object.assign(value.a[0]?.b ?? {}, { c: 2 })).toThrow(TypeError);
    expect(() => value.a.push({ b: { c: 2 } })).toThrow(TypeError);
    expect([Object.isFrozen(value.d), Object.isFrozen(Reflect.get(value.d, "e"))]).toEqual([true, true]);
  });

  test("leaves instances of classes, Map, Set, Date and bytes as they are, and what only they hold", () => {
    class User {
      readonly roles: string[] = [];
    }
    const held = {
      user: new User(),
      map: new Map([["a", {}]]),
      set: new Set([1]),
      date: new Date(0),
      bytes: Buffer.of(1),
    };
    deepFreeze(held);
    held.user.roles.push("admin");
    held.map.set("b", {});
    held.date.setTime(1);
    held.bytes[0] = 2;
    expect([held.user.roles, held.map.size, held.date.getTime(), held.bytes[0]]).toEqual([["admin"], 2, 1, 2]);
    expect(Object.isFrozen(held.map.get("a"))).toBe(false);
  });

  test("leaves functions as they are, whatever their prototype", () => {
    const plain = () => "plain";
    const bare = Object.setPrototypeOf(() => "bare", null) as object;
    deepFreeze({ plain, bare });
    expect([Object.isFrozen(plain), Object.isFrozen(bare)]).toEqual([false, false]);
  });

  test("V3: walks below what is frozen already, the value itself included, by whatever way it is reached", () => {
    const [root, deep, bySymbol, hidden, ofList] = [{ of: 1 }, { of: 2 }, { of: 3 }, { of: 4 }, { of: 5 }];
    const value = Object.freeze({
      root,
      outer: Object.freeze([Object.freeze({ deep })]),
      [Symbol("s")]: bySymbol,
      list: Object.freeze(Object.assign([1], { named: ofList })),
    });
    deepFreeze(Object.defineProperty({ value }, "hidden", { value: hidden }));
    expect([root, deep, bySymbol, hidden, ofList].map((each) => Object.isFrozen(each))).toEqual(Array(5).fill(true));
  });

  test("V3: ends on cycles of what is frozen already", () => {
    const inner: { of: unknown[] } = { of: [] };
    const [a, b]: [{ b?: unknown; inner: object }, { a?: unknown }] = [{ inner }, {}];
    a.b = b;
    b.a = a;
    for (const each of [a, b]) Object.freeze(each);
    inner.of.push(a);
    deepFreeze(a);
    expect([Object.isFrozen(inner), Object.isFrozen(inner.of)]).toEqual([true, true]);
  });

  test("V3: adding once more what is frozen to its last member costs a look, not a walk", () => {
    const value = deepFreeze({ rows: Array.from({ length: 20_000 }, (_, at) => ({ at })) });
    const beganAt = performance.now();
    for (let times = 0; times < 10_000; times++) deepFreeze(value);
    // A walk takes a few milliseconds: this would be most of a minute.
    expect(performance.now() - beganAt).toBeLessThan(2_000);
  });

  test("V1: never touches a Proxy, wherever it is, nor what it stands for", () => {
    const touched: string[] = [];
    const traps = new Proxy({}, { get: (_, trap) => () => touched.push(String(trap)) });
    const target = { name: "Ann", roles: [] };
    const revoked = Proxy.revocable([], {});
    revoked.revoke();
    const proxy = new Proxy(target, traps);
    deepFreeze(proxy);
    deepFreeze({ in: proxy, list: [proxy, new Proxy([], traps), revoked.proxy] });
    // As an extension of a database client does it: more names than its target has.
    const extended = new Proxy(target, { ownKeys: (of) => [...Reflect.ownKeys(of), "posts"] });
    deepFreeze({ extended });
    expect(touched).toEqual([]);
    expect([Object.isExtensible(target), Object.isFrozen(target.roles)]).toEqual([true, false]);
    expect(JSON.stringify({ extended })).toContain("Ann");
  });

  test("V2: runs no getter, wherever it stands, and freezes what is beside it", () => {
    const ran = () => {
      throw new Error("a getter ran");
    };
    const beside = { of: 1 };
    const list = Object.defineProperty([beside], 1, { get: ran, enumerable: true });
    const value = Object.defineProperty({ list, beside, [Symbol("s")]: {} }, "posts", { get: ran, enumerable: true });
    Object.defineProperty(value, Symbol("getter"), { get: ran });
    expect(Object.isFrozen(deepFreeze(value))).toBe(true);
    expect([Object.isFrozen(list), Object.isFrozen(beside)]).toEqual([true, true]);
  });

  test("V4: leaves what cannot be frozen as it was, and freezes what it holds", async () => {
    const module = (await import("../../support/exporting.js")) as object;
    const bytes = Object.setPrototypeOf(new Uint8Array(2), null) as Uint8Array;
    const bare = Object.setPrototypeOf(new DataView(new ArrayBuffer(2)), Object.prototype) as DataView;
    const after = {};
    deepFreeze({ module, bytes, bare, after });
    deepFreeze(module);
    expect(Object.isFrozen(Reflect.get(module, "settings"))).toBe(true);
    expect(Object.isFrozen(Reflect.get(Reflect.get(module, "settings") as object, "nested"))).toBe(true);
    expect([Object.isExtensible(bytes), Object.isExtensible(bare), Object.isFrozen(after)]).toEqual([true, true, true]);
  });

  test("is not stopped by width, whatever the array holds or lacks", () => {
    const wide = Array.from({ length: 200_000 }, (_, at) => ({ at }));
    const [late, sparse]: [object, object[]] = [{}, []];
    sparse[4_000_000_000] = late;
    sparse[3] = wide;
    const halfEmpty: unknown[] = Array(100_000);
    halfEmpty[99_999] = [late];
    deepFreeze([sparse, halfEmpty]);
    expect([late, wide[199_999], halfEmpty[99_999]].map((each) => Object.isFrozen(each))).toEqual([true, true, true]);
  });

  test("walks what is reached by many ways once", () => {
    let value: object = {};
    for (let depth = 0; depth < 60; depth++) value = { left: value, right: value };
    // By every way it would not end: there are 2^60.
    expect(Object.isFrozen(deepFreeze(value))).toBe(true);
  });

  test("ends on cycles", () => {
    const value: { self?: unknown; list: unknown[] } = { list: [] };
    value.self = value;
    value.list.push(value);
    expect(Object.isFrozen(deepFreeze(value).list)).toBe(true);
  });

  test("is not stopped by depth", () => {
    let value: { inner?: object } = {};
    const innermost = value;
    for (let depth = 0; depth < 100_000; depth++) value = { inner: value };
    deepFreeze(value);
    expect(Object.isFrozen(innermost)).toBe(true);
  });

  test.each([[null], [undefined], [0], ["text"], [true], [10n]])("returns %p as it is", (value) => {
    expect(deepFreeze(value)).toBe(value);
  });
});
