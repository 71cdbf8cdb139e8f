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

  test("trusts what is frozen already to be frozen all the way down, and does not look", () => {
    const inner = { changes: 1 };
    deepFreeze({ outer: Object.freeze({ inner }) });
    expect(Object.isFrozen(inner)).toBe(false);
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
