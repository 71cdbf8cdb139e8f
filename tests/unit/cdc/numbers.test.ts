/** Numbers, exactly: one text for each, none for one that may have lost digits. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { connectDecimal, decimalText, numberText, parseExact, scalarText } from "../../../src/cdc/numbers.js";

describe("the text of a number", () => {
  test.each([
    ["1", "1"],
    ["1.0", "1"],
    ["0.50", "0.5"],
    ["1e3", "1000"],
    ["-0", "0"],
    ["-0.0", "0"],
    ["-12.50", "-12.5"],
    ["1.250000000000000e+03", "1250"],
    ["1E-7", "1e-7"],
    ["0.00000015", "1.5e-7"],
    ["0.000001", "0.000001"],
    ["9007199254740993", "9007199254740993"],
    ["12345678901234567890.0", "12345678901234567890"],
    ["-9223372036854775808", "-9223372036854775808"],
    ["0.1234567890123456789", "0.1234567890123456789"],
    ["9.007199254740991e15", "9007199254740991"],
  ])("of %s is %s", (number, text) => expect(numberText(number)).toBe(text));

  test.each([
    "1.2345678901234568E19",
    "1e16",
    "9.007199254740993e15",
    "1.234567890123457e-3",
    "1e400",
    "1e-401",
    "1e999999",
  ])("of %s is not known: it may have lost digits, or is no key", (number) =>
    expect(numberText(number)).toBeUndefined(),
  );

  test("of DynamoDB is exact whatever its exponent", () => {
    expect(decimalText("1.2345678901234568E19")).toBe("12345678901234568000");
    expect(decimalText("NaN")).toBeUndefined();
  });

  test("of a double is not known where it may have been another number before", () => {
    expect([1, -0, 1.5, 1e-7, 9007199254740991].map((value) => scalarText(value, ""))).toEqual([
      "1",
      "0",
      "1.5",
      "1e-7",
      "9007199254740991",
    ]);
    for (const value of [9007199254740992, 0.1 + 0.2, 1e300, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(scalarText(value, "")).toBeUndefined();
    }
  });

  test("is JavaScript's, for every number that a double of JavaScript's holds", () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true })), (value) => {
        const text = scalarText(value, "");
        if (text !== undefined) expect(text).toBe(String(value === 0 ? 0 : value));
        if (Number.isSafeInteger(value)) expect(text).toBeDefined();
      }),
    );
  });
});

describe("JSON, parsed exactly", () => {
  test("is what JSON.parse makes of it, for every value without long numbers", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value, (_name, each) => (typeof each === "number" ? Math.trunc(each % 1e9) : each));
        expect(parseExact(text).value).toEqual(JSON.parse(text));
      }),
    );
  });

  test("keeps the digits of every whole number, wherever it stands, and leaves strings alone", () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.string(), fc.constantFrom("", " ", "\n\t"), (number, other, space) => {
        const text = `{"a":${space}${number}${space},${JSON.stringify(other)}:[${number},"${number}",${JSON.stringify(other)}]}`;
        const { value, mark } = parseExact(text);
        const list = (value as Record<string, unknown[]>)[other] ?? [];
        expect(list.map((each) => scalarText(each, mark))).toEqual([String(number), String(number), other]);
      }),
    );
  });

  test("takes no text of the record for a number, whatever it holds", () => {
    const texts = ["\u0001\u00001.0", "\u0001\0\0\0" + "1.0", "\u00011.0", "\u0001\0"];
    const { value, mark } = parseExact(JSON.stringify({ texts, number: 1.5 }));
    const read = value as { texts: string[]; number: unknown };
    expect(read.texts.map((text) => scalarText(text, mark))).toEqual(texts);
    expect(scalarText(read.number, mark)).toBe("1.5");
  });

  test.each([
    ["a number that begins with 0", '{"a":0123456789012345678}'],
    ["a number as a name", '{"a":1,1234567890123456789 :2}'],
    ["two numbers", "[1234567890123456789 1234567890123456789]"],
    ["half a number", '{"a":1234567890123456789.}'],
    ["a number after a string", '{"a":"b"1234567890123456789}'],
    ["a plus", '{"a":+1234567890123456789}'],
    ["two texts", '{"a":1}{"a":2}'],
    ["nothing", ""],
    ["a string without end", '{"a":"b'],
    ["quotes only", '"""'],
  ])("refuses %s, and does not quote it", (_what, text) => {
    expect(() => parseExact(text)).toThrow(/^it is not JSON$/);
  });

  test("refuses what would take too long", () => {
    expect(() => parseExact(`[${"1,".repeat(20_000)}1]`)).toThrow(/too many values/);
    expect(() => parseExact(`["${"\\u0001"}${"\\u0000".repeat(100)}"]`)).toThrow(/no program would write/);
  });
});

describe("a decimal of Kafka Connect", () => {
  test.each([
    ["JxA=", 0, "10000"],
    ["/2o=", 2, "-1.50"],
    ["AA==", 2, "0.00"],
    ["AQ==", -2, "100"],
    ["/w==", 3, "-0.001"],
    ["fw==", 0, "127"],
    ["gA==", 0, "-128"],
  ])("%s at scale %d is %s", (base64, scale, text) => {
    expect(connectDecimal(base64, scale)).toBe(text);
  });

  test("comes back from its bytes, whatever its value and scale", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
        fc.integer({ min: 0, max: 40 }),
        (unscaled, scale) => {
          const bytes = Buffer.from(BigInt.asUintN(208, unscaled).toString(16).padStart(52, "0"), "hex");
          const text = connectDecimal(bytes.toString("base64"), scale) ?? "";
          const [whole = "", fraction = ""] = text.split(".");
          expect(fraction).toHaveLength(scale);
          expect(BigInt(whole + fraction)).toBe(unscaled);
        },
      ),
    );
  });

  test.each([
    ["", 0],
    ["not base64", 0],
    ["AQ", 0],
    ["AQ==", Number.NaN],
    ["AQ==", 1e9],
    ["A".repeat(400), 0],
  ])("%p at scale %p is none", (base64, scale) => expect(connectDecimal(base64, scale)).toBeUndefined());
});
