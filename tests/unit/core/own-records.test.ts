/** That an environment knows the records it wrote itself, and no others. */
import { expect, test } from "@jest/globals";
import { createOwnRecords } from "../../../src/core/own-records.js";
import { encodeRecord } from "../../../src/core/record.js";

const KEYS = { keys: ["id=1&s=a&t=data.ID"] };

test("a nonce is drawn when the first record is published, once", () => {
  let drawn = 0;
  const own = createOwnRecords(() => `n${++drawn}`);
  expect([drawn, own.wrote(encodeRecord(KEYS, 0))]).toEqual([0, false]);
  expect([own.nonce, own.nonce, drawn]).toEqual(["n1", "n1", 1]);
});

test("a record is its own only with its nonce as the last field", () => {
  const [own, other] = [createOwnRecords(() => "mine"), createOwnRecords(() => "other")];
  expect(own.wrote(encodeRecord(KEYS, 0, own.nonce))).toBe(true);
  expect(own.wrote(encodeRecord(KEYS, 0, other.nonce))).toBe(false);
  expect(own.wrote(encodeRecord(KEYS, 0))).toBe(false);
  for (const text of ["", '"by":"mine"}', '{"by":"mine","keys":[]}', '{"keys":["x\\"by\\":\\"mine"]}']) {
    expect(own.wrote(new TextEncoder().encode(text))).toBe(false);
  }
});
