/** The audit where the log is a table: what its records clear, and what becomes of a suspicion where the table was begun anew. */
import { expect, test } from "@jest/globals";
import { dataId } from "../../../src/core/data-id.js";
import { createEnvironment } from "../../../src/core/environment.js";
import { resolveOptions } from "../../../src/options.js";
import { KeptNotices } from "../support/rig.js";
import { setUpTable } from "../support/table.js";

const ID = dataId<string>("db.users.id", "1");

/** An environment that was served "old" though its source says "new", and has found that out. */
async function suspecting() {
  const { table, clock, log, run, append } = setUpTable();
  const notices = new KeptNotices();
  const options = resolveOptions({ auditShare: 1 });
  const deps = { log, clock, random: () => 0.5, newNonce: () => "one", options, notices };
  const environment = createEnvironment(deps);
  await append("{}");
  let value = "old";
  const asks = async () => {
    const invocation = environment.begin({ remainingMs: () => 30_000 });
    await run(invocation.catchUp());
    const served = await invocation.cache.getOrAdd(ID, () => value);
    await invocation.audit();
    return { served, count: invocation.end()?.inconsistentReads };
  };
  await asks();
  expect((await asks()).served).toBe("old");
  value = "new";
  await asks();
  return { table, clock, append, asks, notices };
}

test("nobody publishes: it is found, counted and named", async () => {
  const { clock, asks, notices } = await suspecting();
  await clock.advance(10_000);
  expect(await asks()).toEqual({ served: "old", count: 1 });
  expect(await asks()).toEqual({ served: "new", count: 0 });
  expect(notices.advice.map(([, { source }]) => source)).toEqual(["db.users.id"]);
});

test("a record within the grace clears it, and so does a table that is begun anew", async () => {
  const published = await suspecting();
  await published.clock.advance(9_999);
  await published.append(JSON.stringify({ keys: [ID.toString()] }));
  await published.clock.advance(1);
  const anew = await suspecting();
  await anew.clock.advance(10_000);
  anew.table.setHead({ incarnation: "another", first: 0, records: [] });
  for (const { asks, notices } of [published, anew]) {
    expect(await asks()).toEqual({ served: "new", count: 0 });
    expect(notices.advice).toEqual([]);
  }
});
