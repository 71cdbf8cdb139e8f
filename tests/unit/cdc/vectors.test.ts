/** Change records as databases give them: each decoder makes of every one what it must, in whatever form it comes. */
import { describe, expect, test } from "@jest/globals";
import {
  changeVectors,
  dataOf,
  decodersOf,
  disagreement,
  type Sample,
  tablesFor,
} from "../../support/change-vectors.js";

const samples = changeVectors().map((sample) => [sample.id, sample] as const);
const complaints = (sample: Sample, record: Uint8Array | string | object) =>
  decodersOf(sample, tablesFor(sample)).map((decode) => disagreement(sample, decode, record));
const agreed = (sample: Sample) => decodersOf(sample, {}).map(() => undefined);

describe("a change record", () => {
  test.each(samples)("as bytes: %s", (_id, sample) => {
    expect(complaints(sample, dataOf(sample))).toEqual(agreed(sample));
  });

  test.each(samples)("as a Kinesis event's record, and as an item of a pipe: %s", (_id, sample) => {
    const data = Buffer.from(dataOf(sample)).toString("base64");
    const shared = { eventSource: "aws:kinesis", eventSourceARN: "arn:aws:kinesis:eu-west-1:123456789012:stream/s" };
    expect(complaints(sample, { ...shared, kinesis: { data, sequenceNumber: "1" } })).toEqual(agreed(sample));
    expect(complaints(sample, { ...shared, data, sequenceNumber: "1" })).toEqual(agreed(sample));
  });

  const texts = samples.filter(([, { base64 }]) => base64 === undefined || base64 === "");
  test.each(texts)("as text: %s", (_id, sample) => {
    expect(complaints(sample, new TextDecoder().decode(dataOf(sample)))).toEqual(agreed(sample));
  });

  const objects = samples.filter(([, { record }]) => record !== undefined);
  test.each(objects)("as an object: %s", (_id, sample) => {
    expect(complaints(sample, sample.record ?? {})).toEqual(agreed(sample));
  });

  const named = samples.filter(([, { expected, format }]) => expected.table?.includes(".") && !/dynamodb/.test(format));
  test.each(named)("of a table without its schema: %s", (_id, sample) => {
    const bare = sample.expected.table?.split(".").slice(1).join(".");
    const tables = Object.fromEntries(Object.values(tablesFor(sample)).map((sources) => [bare, sources]));
    for (const decode of decodersOf(sample, tables))
      expect(disagreement(sample, decode, dataOf(sample))).toBeUndefined();
  });
});
