import { describe, expect, test } from "@jest/globals";
import { dataId } from "../../../src/core/data-id.js";
import { createWorld } from "../support/world.js";

const ID = dataId<string>("db.users.id", "1");

describe("refresh", () => {
  test("does not move the fence past a load of the same invocation that is still under way", async () => {
    const world = createWorld();
    const environment = world.environment();
    const long = await environment.started();
    expect(long.cache.get(ID)).toBeUndefined();
    await world.clock.advance(1_000);
    world.publish({ keys: [ID.toString()] });
    await world.clock.advance(20_000);
    await long.cache.refresh();
    long.cache.add(ID, "loaded before the change");
    long.end();
    const next = await environment.started();
    expect(next.cache.get(ID)).toBeUndefined();
  });
});
