import { describe, expect, test } from "@jest/globals";
import { compare } from "../../../../src/core/audit/same.js";

class Point {
  readonly x: number;

  constructor(x: number) {
    this.x = x;
  }
}
const ring = (name: string) => {
  const value: Record<string, unknown> = { name };
  value.self = value;
  return value;
};

describe("values of one loader", () => {
  test.each<[string, unknown, unknown]>([
    ["names in another order", { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    ["NaN", [Number.NaN], [Number.NaN]],
    ["times", { at: new Date(5) }, { at: new Date(5) }],
    ["bytes", Buffer.from("ab"), Buffer.from("ab")],
    [
      "maps in another order",
      new Map([
        [1, { a: 1 }],
        [2, { a: 2 }],
      ]),
      new Map([
        [2, { a: 2 }],
        [1, { a: 1 }],
      ]),
    ],
    ["sets", new Set(["a", "b"]), new Set(["b", "a"])],
    ["instances", new Point(1), new Point(1)],
    ["those that hold themselves", ring("a"), ring("a")],
  ])("are the same: %s", (_, one, other) => {
    expect(compare(one, other)).toBe("same");
  });

  test.each<[string, unknown, unknown]>([
    ["text and number", "1", 1],
    ["deep inside", { a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
    ["one name more", { a: 1 }, { a: 1, b: 2 }],
    ["one name less", { a: 1, b: 2 }, { a: 1 }],
    ["null and an object", null, {}],
    ["a longer array", [1], [1, 2]],
    ["times", new Date(5), new Date(6)],
    ["bytes", Buffer.from("ab"), Buffer.from("ac")],
    ["a map's value", new Map([[1, "a"]]), new Map([[1, "b"]])],
    ["a set's member", new Set(["a"]), new Set(["b"])],
    ["instances", new Point(1), new Point(2)],
    ["those that hold themselves", ring("a"), ring("b")],
  ])("are different: %s", (_, one, other) => {
    expect(compare(one, other)).toBe("different");
    expect(compare(other, one)).toBe("different");
  });

  test.each<[string, unknown, unknown]>([
    ["functions", { a: () => 1 }, { a: () => 1 }],
    ["a function behind a difference", { f: () => 1, a: 1 }, { f: () => 1, a: 2 }],
    ["sets of objects", new Set([{}]), new Set([{}])],
    ["instances of two classes", new Point(1), { x: 1 }],
    ["what is too large", Array(200_000).fill(1), Array(200_000).fill(1)],
  ])("are not compared: %s", (_, one, other) => {
    expect(compare(one, other)).toBe("incomparable");
  });

  test("have none of their own code run", () => {
    const never = () => {
      throw new Error("ran");
    };
    const trap = new Proxy({}, { get: never, ownKeys: never, getPrototypeOf: never, has: never });
    const withCode = () => Object.defineProperty({ toJSON: 1, a: 1 }, "b", { get: never, enumerable: true });
    expect(compare(trap, trap)).toBe("incomparable");
    expect(compare({ a: trap }, { a: {} })).toBe("incomparable");
    expect(compare(withCode(), withCode())).toBe("same");
  });
});
