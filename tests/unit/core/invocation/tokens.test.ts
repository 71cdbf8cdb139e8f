/** Reading one's own writes by a token: no call where it was read, one where it was not, and none to be had for nothing. */
import { describe, expect, test } from "@jest/globals";
import { InvalidOptionError } from "../../../../src/errors.js";
import { testPublisher } from "../../../../src/testing/index.js";
import { Rig, userId } from "../../support/rig.js";

const ONE = userId("1");

/** An environment that may serve what is up to a minute old, and has something cached. */
async function setUp() {
  const rig = new Rig({ maxStalenessMs: 60_000 });
  await rig.warm({ 1: "one", 2: "two" });
  // So that its reader knows where it stands in the shard.
  rig.elsewhere.invalidates(userId("nobody's"));
  const first = await rig.invocation();
  await first.cache.refresh();
  first.end();
  rig.forgetCalls();
  const publisher = testPublisher(rig.stream);
  // The test's publisher names its stream otherwise than the rig.
  const tokenOf = (token: string) =>
    Buffer.from(JSON.stringify(["users", ...JSON.parse(Buffer.from(token, "base64url").toString()).slice(1)])).toString(
      "base64url",
    );
  return { rig, write: async () => tokenOf(await publisher.invalidate(ONE)) };
}

describe("refresh({ covers })", () => {
  test("reads what the token names, though maxStalenessMs would not, and then makes no call for it any more", async () => {
    const { rig, write } = await setUp();
    const token = await write();
    const invocation = await rig.invocation();
    expect(invocation.cache.get(ONE)).toBe("one");
    expect((await invocation.cache.refresh({ covers: token })).state).toBe("fresh");
    expect([invocation.cache.get(ONE), rig.forgetCalls()]).toEqual([undefined, ["getRecords"]]);
    const later = await rig.invocation();
    await later.cache.refresh({ covers: token });
    expect([later.cache.get(userId("2")), rig.forgetCalls()]).toEqual(["two", []]);
  });

  test("of an environment that has read further makes no call, whatever was written since", async () => {
    const { rig, write } = await setUp();
    const token = await write();
    const invocation = await rig.invocation();
    await invocation.cache.refresh();
    await write();
    rig.forgetCalls();
    await invocation.cache.refresh({ covers: token });
    expect(rig.calls).toEqual([]);
  });

  test.each([
    ["that means nothing", "read"],
    ["of another stream", Buffer.from('["orders",["shardId-000000000000","1"]]').toString("base64url")],
    ["beyond the tip", Buffer.from('["users",["shardId-000000000000","99999999999999999999"]]').toString("base64url")],
  ])("%s makes one reading, and others like it none for a second, in which all gets miss", async (_what, token) => {
    const { rig, write } = await setUp();
    const invocation = await rig.invocation();
    expect((await invocation.cache.refresh({ covers: token })).state).toBe("fresh");
    expect([rig.forgetCalls(), invocation.cache.get(ONE)]).toEqual([["getRecords"], "one"]);
    for (let times = 0; times < 5; times++) {
      const next = await rig.invocation();
      expect((await next.cache.refresh({ covers: token })).state).toBe("bypassed");
      expect(next.cache.get(ONE)).toBeUndefined();
    }
    expect(rig.forgetCalls()).toEqual([]);
    // Whoever has just written is not served what is old, either.
    const owner = await rig.invocation();
    await owner.cache.refresh({ covers: await write() });
    expect(owner.cache.get(ONE)).toBeUndefined();
    await rig.clock.advance(1_000);
    rig.forgetCalls();
    const later = await rig.invocation();
    expect((await later.cache.refresh({ covers: token })).state).toBe("fresh");
    expect(rig.calls).toEqual(["getRecords"]);
  });

  test("with nothing cached makes no call, and what is loaded from then on is served", async () => {
    const rig = new Rig();
    const invocation = await rig.invocation();
    expect((await invocation.cache.refresh({ covers: "read" })).state).toBe("empty");
    await invocation.cache.getOrAdd(ONE, () => "one");
    expect([invocation.cache.get(ONE), rig.calls]).toEqual(["one", []]);
  });

  test.each([
    [{ covers: 5 }, 'option "covers" must be a token that invalidate() resolved to, but got 5'],
    [{ cover: "x" }, 'unknown option "cover"; did you mean "covers"?'],
    [null, 'option "options" must be an object, but got null'],
  ])("refuses %j in words", async (options, message) => {
    const { cache } = await new Rig().invocation();
    const refused = cache.refresh(options as never);
    await expect(refused).rejects.toBeInstanceOf(InvalidOptionError);
    await expect(refused).rejects.toThrow(message);
  });
});
