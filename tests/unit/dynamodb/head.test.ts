/** What a head says to a reader. */
import { describe, expect, test } from "@jest/globals";
import { found, type Place, tipOf } from "../../../src/dynamodb/head.js";
import type { Head } from "../../../src/dynamodb/table-api.js";

const record = (n: number) => Uint8Array.from([n]);
const head = (first: number, count: number, incarnation = "a"): Head => ({
  incarnation,
  first,
  records: Array.from({ length: count }, (_, index) => record(first + index)),
});
const at = (next: number, incarnation: string | undefined = "a"): Place => ({ incarnation, next });
const absent: Place = { incarnation: undefined, next: 0 };

describe("to a reader", () => {
  test.each([
    ["has no place: it takes the tip", head(3, 4), undefined, { kind: "placed", tip: at(7) }],
    ["has no place, and there is no head", undefined, undefined, { kind: "placed", tip: absent }],
    ["is at the tip", head(3, 4), at(7), { kind: "on", records: [] }],
    ["is within the head", head(3, 4), at(5), { kind: "on", records: [record(5), record(6)] }],
    ["is where the head begins", head(3, 2), at(3), { kind: "on", records: [record(3), record(4)] }],
    ["is before the head begins", head(3, 4), at(2), { kind: "behind", head: head(3, 4) }],
    ["was placed where there was no head, and there is none", undefined, absent, { kind: "on", records: [] }],
  ])("that %s", (_what, answer, place, finding) => {
    expect(found(answer, place, place)).toEqual(finding);
  });

  test.each([
    ["the log was deleted", undefined, at(5), /deleted/, absent],
    ["it is of another incarnation", head(0, 9, "b"), at(5), /anew/, at(9, "b")],
    ["it is of another incarnation and shorter", head(0, 1, "b"), at(5), /anew/, at(1, "b")],
    ["it ends before the place", head(0, 4), at(5), /back/, at(4)],
  ])("what it missed is lost when %s", (_what, answer, place, why, tip) => {
    expect(found(answer, place, place)).toEqual({ kind: "lost", why: expect.stringMatching(why), tip });
  });

  test("what was written before a log began is not known where there was none", () => {
    expect(found(head(0, 2), absent, absent)).toEqual({ kind: "begun", tip: at(2) });
  });

  test.each([
    ["that ends where it stood when it asked", head(0, 5), at(9), at(5)],
    ["that ends between then and now", head(0, 7), at(9), at(5)],
    ["of the log that it has left since", head(0, 5), at(2, "b"), at(5)],
    ["of before the log was created", undefined, at(2), absent],
  ])("an answer %s is an old one, and says nothing", (_what, answer, place, asked) => {
    expect(found(answer, place, asked)).toEqual({ kind: "old" });
  });

  test.each([
    ["ends before where it stood when it asked", head(0, 4), at(9), at(5)],
    ["is of a third log", head(0, 9, "c"), at(2, "b"), at(5)],
    ["was asked for without a place", head(0, 4), at(9), undefined],
  ])("an answer that %s is none of those: a loss", (_what, answer, place, asked) => {
    expect(found(answer, place, asked).kind).toBe("lost");
  });

  test("one that is not understood says nothing, wherever the reader is", () => {
    for (const place of [undefined, absent, at(3)]) {
      expect(found({ unreadable: "odd" }, place, place)).toEqual({ kind: "unreadable", why: "odd" });
    }
  });

  test("the tip is the number of the record to come", () => {
    expect([tipOf(head(0, 0)), tipOf(head(7, 3)), tipOf(undefined)]).toEqual([at(0), at(10), absent]);
  });
});
