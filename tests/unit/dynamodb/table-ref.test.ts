/** How a table and a log in it are named. */
import { describe, expect, test } from "@jest/globals";
import { resolveTable } from "../../../src/dynamodb/table-ref.js";
import { InvalidOptionError } from "../../../src/errors.js";

describe("a table", () => {
  test("is named by its name, and the log in it has one too", () => {
    expect(resolveTable("my-table")).toEqual({ name: "my-table", log: "scache" });
    expect(resolveTable("my_table.v2", "users")).toEqual({ name: "my_table.v2", log: "users" });
  });

  test.each(["aws", "aws-cn", "aws-us-gov", "aws-iso-b", "aws-eusc"])(
    "or by its ARN, of the partition %s",
    (partition) => {
      const arn = `arn:${partition}:dynamodb:eu-west-1:123456789012:table/my-table`;
      expect(resolveTable(arn)).toEqual({ name: "my-table", arn, region: "eu-west-1", log: "scache" });
    },
  );

  test.each([
    "",
    "ab",
    "x".repeat(256),
    "my table",
    "my/table",
    "arn:azure:dynamodb:eu-west-1:123456789012:table/my-table",
    "arn:awsx:dynamodb:eu-west-1:123456789012:table/my-table",
    "arn:aws:kinesis:eu-west-1:123456789012:stream/my-table",
    "arn:aws:dynamodb::123456789012:table/my-table",
    "arn:aws:dynamodb:eu-west-1:1234:table/my-table",
    "arn:aws:dynamodb:eu-west-1:123456789012:table/my-table/index/x",
    "arn:aws:dynamodb:eu-west-1:123456789012:table/my-table/stream/2026-01-01T00:00:00.000",
    undefined,
    null,
    7,
  ])("is not %j", (table) => {
    expect(() => resolveTable(table as string)).toThrow(InvalidOptionError);
    expect(() => resolveTable(table as string)).toThrow(/option "table" must be a table's name/);
  });

  test.each(["", "a#b", "a/b", "a b", "x".repeat(101), null, 7])("holds no log %j", (log) => {
    expect(() => resolveTable("my-table", log as string)).toThrow(/option "log" must be a log's name/);
  });
});
