/** Tokens come back from browsers. */
import { describe, expect, test } from "@jest/globals";
import { placeOf, readToken, tokenOf } from "../../../src/dynamodb/token.js";

const place = (number: number, incarnation = "0123456789abcdef") => placeOf({ incarnation, number });

describe("a token", () => {
  test("names the last of the places it is made of", () => {
    expect(readToken(tokenOf([place(3), place(12), place(7)]))).toEqual({
      incarnation: "0123456789abcdef",
      number: 12,
    });
  });

  test.each([
    ["no place", []],
    ["places in two logs", [place(3), place(4, "another")]],
    ["a place that is not known", [""]],
    ["a place that is too long for a cookie", [place(3, "x".repeat(2_000))]],
  ])("of %s just asks for a reading", (_what, places) => {
    expect(tokenOf(places)).toBe("read");
    expect(readToken("read")).toBeUndefined();
  });

  test("holds any incarnation that another program may have chosen", () => {
    for (const incarnation of ["a:b", "ä€🙂", "0", " \n"]) {
      expect(readToken(tokenOf([place(1, incarnation)]))).toEqual({ incarnation, number: 1 });
    }
  });

  test.each(["", "read", "x", "12", "-1:a", "1.5:a", "1e3:a", ":a", "1:", "9999999999999999:a", "1:a".repeat(5_000)])(
    "that was made up names nothing, whether encoded or not: %j",
    (text) => {
      const encoded = Buffer.from(text).toString("base64url");
      expect(readToken(text)).toBeUndefined();
      expect(readToken(encoded.length > 0 ? encoded : "A")).toBeUndefined();
    },
  );
});
