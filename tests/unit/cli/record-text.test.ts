/** What `npx scache tail` makes of a record. */
import { describe, expect, test } from "@jest/globals";
import { lineOf, toldBy } from "../../../src/cli/record-text.js";
import { dataId } from "../../../src/core/data-id.js";
import { encodeRecord, type RecordContent } from "../../../src/core/record.js";

const READ_AT = "2026-01-01T00:00:01.000Z";
const told = (data: Uint8Array) => toldBy(data, Date.parse(READ_AT));
const line = (content: RecordContent, atMs?: number) => lineOf(told(encodeRecord(content, atMs)));
const key = (source: string, id: string) => dataId(source, id).toString();

describe("a line", () => {
  test("has the time of publishing where the record says it, else of reading", () => {
    expect(line({ keys: [], all: true }, 0)).toBe("1970-01-01T00:00:00.000Z  everything");
    expect(line({ keys: [], all: true })).toBe(`${READ_AT}  everything`);
  });

  test("names ids by their source, and sources", () => {
    const keys = [key("users", "1"), key("orders", "7"), key("users", "2")];
    expect(line({ keys, sources: ["carts", "a b"] })).toBe(
      `${READ_AT}  users 1 2; orders 7; all of carts; all of "a b"`,
    );
    expect(line({ keys: [] })).toBe(`${READ_AT}  nothing`);
  });

  test("is not as long as a record can be", () => {
    const keys = Array.from({ length: 500 }, (_, index) => key("users", String(index)));
    expect(line({ keys })).toMatch(/ 18 19 and 480 more$/);
    const sources = Array.from({ length: 25 }, (_, index) => `s${index}`);
    expect(line({ keys: [], sources })).toMatch(/ all of s19; all of 5 more sources$/);
  });

  test("moves no cursor, and shows where an id ends", () => {
    expect(line({ keys: [key("users", "\u001b[2J\n\u202e"), key("users", "a b"), key("users", "ü1")] })).toBe(
      `${READ_AT}  users "\\\\u{1b}[2J\\\\u{a}\\\\u{202e}" "a b" ü1`,
    );
  });

  test("says why a record is not understood", () => {
    expect(lineOf(told(new TextEncoder().encode("\u001bgarbage")))).toMatch(/^2026-\S+ {2}not understood: .*/);
    expect(lineOf(told(new TextEncoder().encode("\u001bgarbage")))).not.toContain("\u001b");
    expect(lineOf(told(new TextEncoder().encode('{"keys":["k"],"v":9}')))).toContain("not understood");
  });
});

test("as an object it has everything", () => {
  const keys = Array.from({ length: 500 }, (_, index) => key("users", String(index)));
  const { ids, ...rest } = told(encodeRecord({ keys, sources: ["carts"] }, 0));
  expect(ids).toHaveLength(500);
  expect(ids[499]).toEqual({ source: "users", id: "499" });
  expect(rest).toEqual({ at: "1970-01-01T00:00:00.000Z", sources: ["carts"], all: false });
});
