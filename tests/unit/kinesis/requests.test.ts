/** How records fill requests: within every limit, and in no more requests than it takes. */
import { describe, expect, test } from "@jest/globals";
import {
  MAX_RECORD_BYTES,
  MAX_REQUEST_BYTES,
  MAX_REQUEST_RECORDS,
  PAYLOAD_UNIT_BYTES,
  toRequests,
} from "../../../src/kinesis/requests.js";

describe("requests", () => {
  const entry = (size: number) => ({ data: new Uint8Array(size), partitionKey: "k".repeat(32) });

  test("hold every record once, in order, and at most 500 of them", () => {
    const entries = Array.from({ length: 1_201 }, () => entry(10));
    const requests = toRequests(entries);
    expect(requests.map((request) => request.length)).toEqual([500, 500, 201]);
    expect(requests.flat().every((held, index) => held === entries[index])).toBe(true);
  });

  test("hold at most 10 MiB, partition keys counted", () => {
    const size = MAX_REQUEST_BYTES / 4 - 32;
    expect(toRequests(Array.from({ length: 9 }, () => entry(size))).map((request) => request.length)).toEqual([
      4, 4, 1,
    ]);
    expect(toRequests(Array.from({ length: 4 }, () => entry(size + 1))).map((request) => request.length)).toEqual([
      3, 1,
    ]);
  });

  test("of nothing are none", () => {
    expect(toRequests([])).toEqual([]);
  });

  test("limits are those of PutRecords", () => {
    expect([MAX_REQUEST_RECORDS, MAX_REQUEST_BYTES, MAX_RECORD_BYTES, PAYLOAD_UNIT_BYTES]).toEqual([
      500, 10_485_760, 1_048_576, 25_600,
    ]);
  });
});
