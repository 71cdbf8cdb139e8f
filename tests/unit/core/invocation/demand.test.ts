/** What the invocations of an environment would have had of a reading. */
import { describe, expect, test } from "@jest/globals";
import { createDemand, type Wanted } from "../../../../src/core/invocation/demand.js";

const wanted = (some: Partial<Wanted>): Wanted => ({
  foundMs: 0,
  firstAfterMs: undefined,
  spentMs: 0,
  wasRead: false,
  ...some,
});

describe("a reading begun with the invocation", () => {
  test("pays for all one knows at first", () => expect(createDemand().pays(10)).toBe(true));

  test.each([
    ["nothing was found", { foundMs: 0 }, false],
    ["what was found costs less than the wait", { foundMs: 9, firstAfterMs: 0 }, false],
    ["it costs more", { foundMs: 11, firstAfterMs: 0 }, true],
    ["it was found when the reading was nearly over", { foundMs: 3, firstAfterMs: 8 }, true],
    ["it was found afterwards", { foundMs: 1 }, true],
  ])("where %s", (_what, some, pays) => {
    const demand = createDemand();
    demand.ended(wanted(some), 10);
    expect(demand.pays(10)).toBe(pays);
  });

  test("pays where it would have in at least half of the last nine", () => {
    const demand = createDemand();
    for (let n = 0; n < 9; n++) demand.ended(wanted({ foundMs: 50 }), 10);
    for (let n = 0; n < 4; n++) demand.ended(wanted({}), 10);
    expect(demand.pays(10)).toBe(true);
    demand.ended(wanted({}), 10);
    expect(demand.pays(10)).toBe(false);
  });
});

test.each([
  ["all that was found costs more than it takes", 11, true],
  ["it costs as much", 10, false],
])("a reading begun when the first entry is found pays where %s", (_what, foundMs, pays) => {
  const demand = createDemand();
  demand.ended(wanted({ foundMs, firstAfterMs: 5 }), 10);
  expect(demand.paysOnceFound(10)).toBe(pays);
});

test("what was lost for want of a reading is carried on until there is one", () => {
  const demand = createDemand();
  demand.ended(wanted({ foundMs: 12, spentMs: 12 }), 10);
  demand.ended(wanted({ foundMs: 5, spentMs: 5 }), 10);
  demand.ended(wanted({ foundMs: 13, spentMs: 13 }), 10);
  expect(demand.carriedMs).toBe(5);
  demand.ended(wanted({ foundMs: 13, spentMs: 13, wasRead: true }), 10);
  expect(demand.carriedMs).toBe(0);
});

test("something is wanted once it was found, until the log is read", () => {
  const demand = createDemand();
  const seen = [wanted({}), wanted({ foundMs: 1 }), wanted({}), wanted({ foundMs: 1, wasRead: true })].map((each) => {
    demand.ended(each, 10);
    return demand.isWanted;
  });
  expect(seen).toEqual([false, true, true, false]);
});

test("what was waited for in vain makes the next wait less probable to pay; it is forgotten where nobody waits", () => {
  const demand = createDemand();
  expect(demand.keptShare).toBe(1);
  for (const wasKept of [true, true, false]) demand.waited(wasKept);
  expect(demand.keptShare).toBe(0.75);
  for (let wait = 0; wait < 9; wait++) demand.waited(false);
  expect(demand.keptShare).toBeCloseTo(0.1);
  for (let invocation = 0; invocation < 8; invocation++) demand.ended(wanted({}), 10);
  expect(demand.keptShare).toBeCloseTo(0.1);
  for (let invocation = 0; invocation < 73; invocation++) demand.ended(wanted({}), 10);
  expect(demand.keptShare).toBe(1);
});
