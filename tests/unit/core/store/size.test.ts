/** The estimate behind maxBytes: it grows with what a value holds, ends on anything, and costs no more than a walk. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { estimateBytes } from "../../../../src/core/store/size.js";

describe("estimateBytes", () => {
  test.each([
    [null, 8],
    [undefined, 8],
    [5, 8],
    ["", 24],
    ["abcd", 32],
    [{}, 32],
    [{ a: 1, b: "x" }, 32 + 16 + 8 + 26 + 2 * 26],
    [Object.create(null), 32],
    [() => "closed over", 8],
    [Symbol("abcd"), 8 + 32],
    [{ [Symbol("abcd")]: 1 }, 32 + 16 + 32],
    [Object.defineProperty({}, "abcd", { value: "" }), 32 + 8 + 32 + 24],
    [Object.assign([1], { abcd: 1 }), 32 + 16 + 16 + 32],
    [Object("abcd"), 32 + 32],
    [5n, 24],
    [-(2n ** 63n), 24],
    [new (class extends Map<string, number> {})([["a", 1]]), 32 + 16 + 26 + 8],
    [Object.assign(new Set(["a"]), { abcd: 1 }), 32 + 8 + 26 + 16 + 32],
    [[1, 2, 3], 32 + 24 + 24],
    [new Set(["a"]), 32 + 8 + 26],
    [new Map([["a", 1]]), 32 + 16 + 26 + 8],
    [new Map([[["a"], [1, 2]]]), 32 + 16 + (32 + 8 + 26) + (32 + 16 + 16)],
    [
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
      32 + 2 * (16 + 26 + 8),
    ],
    [new Uint8Array(1_000), 32 + 1_000],
    [new ArrayBuffer(1_000), 32 + 1_000],
    [new DataView(new ArrayBuffer(100)), 32 + 100],
  ])("of %p is %p", (value, bytes) => {
    expect(estimateBytes(value)).toBe(bytes);
  });

  test("counts what is held twice once, and ends on cycles", () => {
    const shared = { text: "x".repeat(1_000) };
    const value: Record<string, unknown> = { first: shared, second: shared };
    const once = estimateBytes({ first: shared, second: 1 });
    expect(estimateBytes(value)).toBe(once - 8);
    value.first = value;
    expect(estimateBytes(value)).toBeLessThanOrEqual(once + 100);
  });

  test("of a value with one more thing in it is larger", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.json()), fc.json(), (value, added) => {
        expect(estimateBytes({ value, added })).toBeGreaterThan(estimateBytes({ value }));
      }),
    );
  });

  test("of an array with holes counts what is there, and does not fill the holes to find out", () => {
    const sparse: string[] = [];
    sparse[4_000_000_000] = "x";
    expect(estimateBytes(sparse)).toBeLessThan(100);
  });

  test("is not stopped by depth", () => {
    let value: object = {};
    for (let depth = 0; depth < 100_000; depth++) value = { value };
    expect(estimateBytes(value)).toBe(100_001 * 32 + 100_000 * 8 + 34);
  });

  test("V5: counts the whole buffer behind a view, and each buffer once", () => {
    const MIB = 2 ** 20;
    const views = Array.from({ length: 100 }, () => new Uint8Array(new ArrayBuffer(MIB), 0, 8));
    expect(estimateBytes(views)).toBe(32 + 100 * (8 + 32 + MIB));
    const buffer = new ArrayBuffer(MIB);
    const shared = [new Uint8Array(buffer, 0, 8), new DataView(buffer), Buffer.from(buffer, 8, 8), buffer];
    expect(estimateBytes(shared)).toBe(32 + 4 * 8 + 4 * 32 + MIB);
    expect(estimateBytes([buffer, new Uint8Array(buffer)])).toBe(32 + 2 * 8 + 2 * 32 + MIB);
    expect(estimateBytes(new Uint8Array(new SharedArrayBuffer(MIB), 0, 1))).toBe(32 + MIB);
    structuredClone(buffer, { transfer: [buffer] });
    expect(estimateBytes(buffer)).toBe(32);
  });

  test("V6: counts the names of members, each once, and BigInts by their length", () => {
    const name = (at: number) => `${"x".repeat(1_000)}${at}`;
    const dictionary = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [name(at), at]));
    expect(estimateBytes(dictionary)).toBeGreaterThan(1_000 * 2_000);
    const rows = Array.from({ length: 1_000 }, (_, at) => ({ [name(0)]: at }));
    expect(estimateBytes(rows)).toBeLessThan(100_000);
    const large = Array.from({ length: 20 }, (_, at) => (BigInt(at) + 1n) << 8_000_000n);
    expect(estimateBytes(large) / 20_000_000).toBeCloseTo(1, 2);
    expect(estimateBytes(-(2n ** 80_000n))).toBeGreaterThan(10_000);
  });

  test("V6: counts the places that an array keeps for what it lacks", () => {
    expect(estimateBytes(new Array(1_000_000))).toBeGreaterThanOrEqual(8_000_000);
    expect(estimateBytes(Object.assign(new Array(5_000), { 4999: "x" }))).toBe(32 + 5_000 * 8 + 26);
  });

  test("V1, V2: looks into no Proxy, and runs no code of the value's", () => {
    const ran = () => {
      throw new Error("code of the value's ran");
    };
    const traps = new Proxy({}, { get: ran });
    class Rows extends Map {
      override [Symbol.iterator] = ran;
      override forEach = ran;
      get rows() {
        return ran();
      }
    }
    class Names extends Set {
      override [Symbol.iterator] = ran;
      override forEach = ran;
    }
    class Bytes extends Uint8Array {
      override get buffer() {
        return ran();
      }
      override get byteLength() {
        return ran();
      }
    }
    const value = {
      ...{ rows: new Rows(), names: new Names(), bytes: new Bytes(1_000), list: [1] },
      proxies: [new Proxy({}, traps), new Proxy([], traps), new Proxy(new Map(), traps)],
      get posts() {
        return ran();
      },
      toJSON: ran,
      valueOf: ran,
      [Symbol.toPrimitive]: ran,
      heir: Object.create(new Proxy({}, traps)) as unknown,
    };
    for (const each of [value.list, value.rows]) Object.defineProperty(each, "0", { get: ran, enumerable: true });
    expect(estimateBytes(value)).toBeGreaterThan(1_000);
  });

  test("stops counting soon after it is enough", () => {
    const value: unknown[] = Array.from({ length: 1_000 }, () => ["x".repeat(1_000)]);
    expect(estimateBytes(value, 10_000)).toBeLessThan(20_000);
    expect(estimateBytes(new Array(1_000_000).fill({ a: 1 }), 10_000)).toBe(32 + 8_000_000);
  });
});
