/** `testPublisher()`: a writer outside Lambda, over a stream in memory. */
import { describe, expect, test } from "@jest/globals";
import { dataId, InvalidDataIdError, InvalidOptionError, PublishError } from "../../../src/publisher.js";
import { ManualClock, MemoryStream, testPublisher, testScache } from "../../../src/testing/index.js";

const ID = dataId<string>("db.users.id", "1");

function setUp() {
  const clock = new ManualClock();
  const records: unknown[] = [];
  const onWrite = ({ data }: { data: Uint8Array }) => records.push(JSON.parse(new TextDecoder().decode(data)));
  return { clock, records, stream: new MemoryStream({ clock, onWrite }) };
}

describe("testPublisher", () => {
  test("writes what createPublisher() would, and resolves to a token", async () => {
    const { stream, records } = setUp();
    const publisher = testPublisher(stream);
    expect(await publisher.invalidate(ID, { observableId: () => ID })).toMatch(/^[\w-]+$/);
    await publisher.invalidateSource("db.users.id");
    await publisher.invalidateAll();
    expect(records).toMatchObject([
      { keys: ["id=1&s=db.users.id&t=data.ID"] },
      { keys: [], sources: ["db.users.id"] },
      { keys: [], all: true },
    ]);
  });

  test("is heard by every environment on the stream", async () => {
    const { clock, stream } = setUp();
    const hooks = testScache(stream, { clock });
    const invoke = async (source: string) => {
      const context = {} as Parameters<typeof hooks.before>[0]["context"];
      const request = { event: {}, context, response: undefined, error: undefined, internal: {} };
      await hooks.before(request);
      const value = await context.cache.getOrAdd(ID, () => source);
      hooks.after(request);
      return value;
    };
    expect([await invoke("old"), await invoke("new")]).toEqual(["old", "old"]);
    await testPublisher(stream).invalidate(ID);
    expect(await invoke("new")).toBe("new");
  });

  test("fails as the policy has it, after the time it was given, by the stream's clock", async () => {
    const { clock, stream, records } = setUp();
    const refused = testPublisher(stream, { policy: () => ({ fail: "refused" }) });
    await expect(refused.invalidate(ID)).rejects.toThrow(PublishError);
    const silent = testPublisher(stream, { policy: () => ({ hang: true }), publishTimeoutMs: 1_000 });
    const failed = expect(silent.invalidateSource("s")).rejects.toMatchObject({ sources: ["s"] });
    await clock.advance(1_000);
    await failed;
    expect([records, clock.pendingTimers]).toEqual([[], 0]);
  });

  test("refuses what is no id", async () => {
    const { stream, records } = setUp();
    const publisher = testPublisher(stream);
    await expect(publisher.invalidate("1" as never)).rejects.toThrow(InvalidDataIdError);
    await expect(publisher.invalidateSource(5 as never)).rejects.toThrow(InvalidDataIdError);
    expect(records).toEqual([]);
  });

  test.each([
    ["users", {}, 'option "stream" must be a MemoryStream, but got "users"'],
    [undefined, { publishTimeoutMs: 0 }, 'option "publishTimeoutMs" must be a number of milliseconds from 1 to 900000'],
    [undefined, { policy: "hang" }, 'option "policy" must be a function, but got "hang"'],
    [undefined, { client: {} }, 'unknown option "client"; the options are publishTimeoutMs, policy, random'],
  ])("given %j and %j, says what is wrong", (stream, options, message) => {
    const create = () => testPublisher((stream ?? setUp().stream) as never, options as never);
    expect(create).toThrow(InvalidOptionError);
    expect(create).toThrow(message);
  });
});
