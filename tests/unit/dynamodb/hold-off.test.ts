/** A hold-off on a table: it keeps old values out for a while, and must not keep the cache empty. */
import { expect, test } from "@jest/globals";
import { createEnvironment } from "../../../src/core/environment.js";
import { resolveOptions } from "../../../src/options.js";
import { KeptNotices, userId } from "../support/rig.js";
import { setUpTable } from "../support/table.js";

const ID = userId("1");
const SECONDS_BETWEEN = 15;

test.each([
  ["its entry was invalidated", true],
  ["the log was deleted and created anew, and nobody writes to it", false],
])("beside busy writers, what is invoked seldom has hits again once %s", async (_what, isWritten) => {
  const rig = setUpTable();
  const environment = createEnvironment({
    log: rig.log,
    clock: rig.clock,
    random: () => 0.5,
    newNonce: () => "one",
    options: resolveOptions({ holdOffMs: 2_000 }),
    notices: new KeptNotices(),
  });
  /** So many that the head does not go back to the invocation before. */
  const writeBusily = async () => {
    for (let second = 0; second < SECONDS_BETWEEN; second++) {
      await rig.append(...Array.from({ length: 10 }, () => invalidationOf("another")));
      await rig.clock.advance(1_000);
    }
  };
  const hits: boolean[] = [];
  const invoke = async () => {
    const invocation = environment.begin({ remainingMs: () => 60_000, requestId: "1" });
    await rig.run(invocation.catchUp());
    hits.push(invocation.cache.get(ID) !== undefined);
    if (!hits.at(-1)) invocation.cache.add(ID, "a user");
    invocation.end();
  };
  for (let nth = 0; nth < 3; nth++) {
    await writeBusily();
    await invoke();
  }
  expect(hits.splice(0)).toEqual([false, false, true]);
  if (isWritten) await rig.append(invalidationOf("1"));
  else rig.table.setHead(undefined);
  for (let nth = 0; nth < 4; nth++) {
    if (isWritten) await writeBusily();
    else await rig.clock.advance(SECONDS_BETWEEN * 1_000);
    await invoke();
  }
  expect(hits).toEqual([false, false, true, true]);
});

function invalidationOf(id: string): string {
  return JSON.stringify({ keys: [userId(id).toString()] });
}
