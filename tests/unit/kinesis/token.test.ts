/** What a token names, and that nothing is made of one that was forged, is of another stream, or means nothing. */
import { describe, expect, test } from "@jest/globals";
import { isCovered, placeOf, readToken, tokenOf } from "../../../src/kinesis/token.js";

const LONG = "49590338271490256608559692538361571095921575989136588898";
const LONGER = `${LONG}0`;
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("a token", () => {
  test("names the last record of each shard, and is read back in the same stream alone", () => {
    const token = tokenOf("users", [placeOf("a", "9"), placeOf("b", LONG), placeOf("a", "10"), placeOf("a", "8")]);
    expect(readToken(token, "users")).toEqual(
      new Map([
        ["a", "10"],
        ["b", LONG],
      ]),
    );
    expect(readToken(token, "orders")).toBeUndefined();
  });

  test("of so many shards that no cookie could hold it names nothing", () => {
    const written = Array.from({ length: 50 }, (_, n) => placeOf(`shardId-0000000000${n}`, LONG));
    expect(tokenOf("users", written)).toBe("read");
    // A double's, whose sequence numbers are none.
    expect(tokenOf("users", [placeOf("A", "1"), placeOf("A", "a1")])).toBe("read");
    expect(isCovered(new Map([["A", "1"]]), () => ({ first: "a", last: "b" }))).toBe(false);
    expect(readToken("read", "users")).toBeUndefined();
  });

  test.each([
    ["nothing", ""],
    ["no JSON", "AAAA"],
    ["an object", encode({ users: 1 })],
    ["null", encode(null)],
    ["a place that is none", encode(["users", ["a"]])],
    ["a number that is none", encode(["users", ["a", "-1"]])],
    ["a number that is no text", encode(["users", ["a", 1]])],
    ["a very long number", encode(["users", ["a", "1".repeat(400)]])],
    ["very much", "A".repeat(100_000)],
  ])("that holds %s is understood by nobody", (_what, token) => {
    expect(readToken(token, "users")).toBeUndefined();
  });
});

describe("covered", () => {
  const places = new Map([
    ["a", LONG],
    ["b", "5"],
  ]);
  test.each([
    [{ a: ["1", LONG], b: ["5", "5"] }, true],
    [{ a: [LONG, LONGER], b: ["4", "40"] }, true],
    [{ a: ["1", LONG], b: ["1", "4"] }, false],
    [{ a: ["1", LONG], b: ["6", "9"] }, false],
    [{ a: ["1", LONG.slice(1)], b: ["5", "5"] }, false],
    [{ a: ["1", LONG] }, false],
  ])("after %j were read: %s", (read, covered) => {
    const rangeOf = (shardId: string) => {
      const [first, last] = (read as Record<string, string[]>)[shardId] ?? [];
      return first !== undefined && last !== undefined ? { first, last } : undefined;
    };
    expect(isCovered(places, rangeOf)).toBe(covered);
  });

  test("is never what no reader understands", () => {
    expect(isCovered(undefined, () => ({ first: "1", last: LONG }))).toBe(false);
  });
});
