/** Ids from other programs: read as people mean them, or refused with the line that is wrong. */
import { describe, expect, test } from "@jest/globals";
import { idsIn } from "../../../src/cli/ids-in.js";

const read = (text: string | readonly number[]) =>
  idsIn(typeof text === "string" ? Buffer.from(text) : Buffer.from(text));

describe("ids on standard input", () => {
  test.each([
    ["one a line", "12345\n67890\n"],
    ["without an end of line", "12345\n67890"],
    ["ended as on Windows", "12345\r\n67890\r\n"],
    ["behind a byte-order mark", "\ufeff12345\n67890\n"],
    ["as psql -t prints them", " 12345\n 67890\n\n"],
    ["with tabs and blanks", "\t12345 \n\n   \n67890\t\r\n"],
  ])("are those that were meant: %s", (_name, text) => {
    expect(read(text)).toEqual(["12345", "67890"]);
  });

  test("keep the blanks within them, and every character", () => {
    expect(read("a b\nü 𝄞\n")).toEqual(["a b", "ü 𝄞"]);
    expect(read("")).toEqual([]);
  });

  test.each([
    ["UTF-16 with a mark", [...Buffer.from("\ufeff1\n2\n", "utf16le")], "line 1 of standard input holds a NUL"],
    ["UTF-16", [...Buffer.from("1\n2\n", "utf16le")], "line 1 of standard input holds a NUL"],
    ["a NUL", [0x31, 0x0a, 0x32, 0x00, 0x0a], "line 2 of standard input holds a NUL: ids are read as UTF-8"],
    ["Latin-1", [0x31, 0x0a, 0x0a, 0x6d, 0xfc, 0x0a], "line 3 of standard input is not UTF-8"],
    ["half a character", [0x31, 0x0a, 0xc3], "line 2 of standard input is not UTF-8"],
    ["half of a pair", [0xed, 0xa0, 0x80], "line 1 of standard input is not UTF-8"],
  ])("are refused: %s", (_name, bytes, message) => {
    expect(() => read(bytes)).toThrow(message);
  });
});
