/**
 * A slice of the staleness run: a database whose changes are captured in every format, with what each leaves out. `npm run
 * staleness` runs more of it.
 */
import { expect, test } from "@jest/globals";
import { FORMATS } from "./formats.js";
import { runStaleness } from "./run.js";

const SCHEDULES_EACH = 15;

test("no value is served that is older than the changes the relay had been given", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const { failure, formats } = await runStaleness({ seed, from: 0, to: SCHEDULES_EACH * FORMATS.length });
  expect({ seed, failure }).toEqual({ seed, failure: undefined });
  // Every format took its turn, and was served from the cache: else the run would show nothing.
  expect(Object.keys(formats)).toHaveLength(FORMATS.length);
  for (const [format, { hits }] of Object.entries(formats))
    expect([format, hits]).toEqual([format, expect.any(Number)]);
  expect(Object.entries(formats).filter(([, { hits }]) => hits < SCHEDULES_EACH)).toEqual([]);
});
