/** The log in a table under everything that can happen to it at once, in many orders, judged from outside. */
import { expect, test } from "@jest/globals";
import { Dice } from "../../simulation/dice.js";
import { LogModel, noSights } from "../support/log-model.js";

const SEED = 20261127;
const SCHEDULES = Number(process.env.SCACHE_LOG_SCHEDULES ?? 200);

test("whatever happens in whatever order, a reading shows what was acknowledged before it, or tells of a loss", async () => {
  const sights = noSights();
  for (let schedule = 0; schedule < SCHEDULES && sights.violations.length === 0; schedule++) {
    await new LogModel(Dice.forSchedule(SEED, schedule), sights).run();
    if (sights.violations.length > 0) sights.violations.unshift(`in schedule ${schedule}`);
  }
  if (process.env.SCACHE_LOG_SCHEDULES) console.log(sights);
  expect(sights.violations).toEqual([]);
  const { losses, largestHeadBytes, violations, ...counts } = sights;
  // A run that meets none of these has shown nothing.
  expect(Object.entries(counts).filter(([, count]) => count < 10)).toEqual([]);
  for (const why of ["begun anew", "missing", "deleted", "created"]) {
    expect([why, [...losses.keys()].some((told) => told.includes(why))]).toEqual([why, true]);
  }
});
