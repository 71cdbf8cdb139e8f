/** A log that has only just begun: what was cached before its first record is dropped, and nobody is alarmed. */
import { expect, test } from "@jest/globals";
import { createEnvironment } from "../../../src/core/environment.js";
import { resolveOptions } from "../../../src/options.js";
import { KeptNotices, userId } from "../support/rig.js";
import { setUpTable } from "../support/table.js";

const ID = userId("1");

test("with a log's first record what is cached is dropped without a warning; with another log's in its place, with one", async () => {
  const rig = setUpTable();
  const notices = new KeptNotices();
  const environment = createEnvironment({
    log: rig.log,
    clock: rig.clock,
    random: () => 0.5,
    newNonce: () => "one",
    options: resolveOptions(),
    notices,
  });
  /** Whether it hits; what is missing is loaded. */
  const isHit = async () => {
    const invocation = environment.begin({ remainingMs: () => 60_000, requestId: "1" });
    await rig.run(invocation.catchUp());
    const hit = invocation.cache.get(ID) !== undefined;
    if (!hit) invocation.cache.add(ID, "a user");
    invocation.end();
    return hit;
  };
  const record = JSON.stringify({ keys: [userId("2").toString()] });
  expect([await isHit(), await isHit()]).toEqual([false, true]);
  await rig.append(record);
  expect([await isHit(), await isHit(), notices.started]).toEqual([false, true, []]);
  rig.table.setHead(undefined);
  await rig.append(record);
  expect([await isHit(), notices.started]).toEqual([false, ["lost"]]);
});
