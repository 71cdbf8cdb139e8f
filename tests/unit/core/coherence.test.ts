import { describe, expect, test } from "@jest/globals";
import { Rig, slowLoad, userId } from "../support/rig.js";

describe("a load under way", () => {
  test("refresh() inside an invocation never moves the position past a load that is under way", async () => {
    const rig = new Rig({ clockMarginMs: 0 });
    const slow = slowLoad<string>();
    const invocation = await rig.invocation();
    const loaded = invocation.cache.getOrAdd(userId("1"), slow.load);
    await rig.clock.advance(1_000);
    rig.elsewhere.invalidates(userId("1"));
    await rig.clock.advance(1_000);
    await invocation.cache.refresh();
    slow.returns("old");
    await loaded;
    invocation.end();
    const next = await rig.invocation();
    expect(next.cache.get(userId("1"))).toBeUndefined();
  });
});
