/** What the `Date` of answers says of this machine's clock, and the one repeat of a call that was dated wrongly. */
import { describe, expect, test } from "@jest/globals";
import { createClockSkew, repeatedIfMisdated } from "../../../src/aws/clock-skew.js";
import { ManualClock } from "../../../src/testing/manual-clock.js";

const MINUTE_MS = 60_000;
const start = Date.UTC(2026, 0, 1);
const at = (ms: number) => new Date(ms).toUTCString();

function skewAt(nowMs: number) {
  return createClockSkew(new ManualClock(nowMs));
}

describe("the offset", () => {
  test.each([
    ["an hour ahead", 60 * MINUTE_MS],
    ["an hour behind", -60 * MINUTE_MS],
    ["a minute ahead", MINUTE_MS],
  ])("follows a service that is %s", (_what, aheadMs) => {
    const skew = skewAt(start);
    expect(skew.observe(at(start + aheadMs), start - 10)).toBe(start + aheadMs);
    expect(skew.offsetMs).toBe(aheadMs);
  });

  test("is nothing for less than a minute, and again once the clocks agree", () => {
    const skew = skewAt(start);
    skew.observe(at(start + 59_000), start);
    expect(skew.offsetMs).toBe(0);
    skew.observe(at(start + 10 * MINUTE_MS), start);
    expect(skew.offsetMs).toBe(10 * MINUTE_MS);
    skew.observe(at(start + 1_000), start);
    expect(skew.offsetMs).toBe(0);
  });

  test("is not taken from an answer that may have lain about while the environment was frozen", () => {
    const skew = skewAt(start);
    expect(skew.observe(at(start - 60 * MINUTE_MS), start - 60 * MINUTE_MS)).toBe(start - 60 * MINUTE_MS);
    expect(skew.offsetMs).toBe(0);
  });

  test.each([[undefined], ["nonsense"]])("is not taken from the date %s", (date) => {
    const skew = skewAt(start);
    expect(skew.observe(date, start)).toBeUndefined();
    expect(skew.offsetMs).toBe(0);
  });
});

describe("a call", () => {
  const refusal = (httpStatusCode: number) => Object.assign(new Error("no"), { $metadata: { httpStatusCode } });

  /** How often a call is made that always fails with `error`; its first answer shows an offset. */
  async function attempts(error: unknown, offsetMs: number): Promise<number> {
    const skew = { offsetMs: 0, observe: () => undefined };
    let made = 0;
    const call = repeatedIfMisdated(skew, async () => {
      made++;
      skew.offsetMs = offsetMs;
      throw error;
    });
    await expect(call).rejects.toBe(error);
    return made;
  }

  test.each([
    [
      "made once more, and only once, when its refusal showed that it was dated wrongly",
      2,
      refusal(400),
      10 * MINUTE_MS,
    ],
    ["made once more when the clock ran ahead", 2, refusal(403), -10 * MINUTE_MS],
    ["not repeated when it was dated rightly", 1, refusal(400), 0],
    ["not repeated when the service failed", 1, refusal(500), 10 * MINUTE_MS],
    ["not repeated when it was not answered", 1, new Error("reset"), 10 * MINUTE_MS],
    ["not repeated when nothing is thrown but a word", 1, undefined, 10 * MINUTE_MS],
  ])("is %s", async (_what, expected, error, offsetMs) => {
    expect(await attempts(error, offsetMs)).toBe(expected);
  });

  test("resolves to the repeat's answer, and at once to its own", async () => {
    const skew = { offsetMs: 0, observe: () => undefined };
    const answers = [() => Promise.reject(refusal(400)), async () => "second"];
    const call = repeatedIfMisdated<string>(skew, () => {
      skew.offsetMs = 10 * MINUTE_MS;
      return answers.shift()?.() ?? Promise.resolve("third");
    });
    expect(await call).toBe("second");
    expect(await repeatedIfMisdated(skew, async () => "first")).toBe("first");
  });
});
