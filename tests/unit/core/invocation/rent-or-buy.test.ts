/** Loads that were paid for so far, against what is left of a reading. */
import { describe, expect, test } from "@jest/globals";
import { RentOrBuy } from "../../../../src/core/invocation/rent-or-buy.js";

describe("rent or buy", () => {
  test("loads what costs less than the reading, and waits for what costs as much", () => {
    const costs = new RentOrBuy(0);
    expect([costs.loads(7, 8, 0), costs.loads(8, 8, 0), costs.loads(0, 0, 0)]).toEqual([true, false, false]);
  });

  test("adds up loads that follow each other", () => {
    const costs = new RentOrBuy(0);
    costs.rent(5, 0);
    expect([costs.spentMs, costs.loads(2, 8, 5), costs.loads(3, 8, 5)]).toEqual([5, true, false]);
  });

  test("counts those made at once together", () => {
    const costs = new RentOrBuy(0);
    for (let load = 0; load < 10; load++) costs.rent(5, 0);
    expect([costs.spentMs, costs.loads(5, 8, 0), costs.loads(9, 8, 0)]).toEqual([5, true, false]);
  });

  test("is corrected by what a load took in the end", () => {
    const costs = new RentOrBuy(0);
    costs.rent(5, 0).untilMs = 20;
    expect([costs.spentMs, costs.loads(1, 20, 20)]).toEqual([20, false]);
  });

  test("begins with what invocations before have paid in vain", () => {
    expect([new RentOrBuy(10).loads(12, 33, 0), new RentOrBuy(21).loads(12, 33, 0)]).toEqual([true, false]);
  });
});
