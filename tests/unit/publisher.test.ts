/** `scache/publisher`: for writers without Middy. */
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { describe, expect, test } from "@jest/globals";
import { createPublisher, dataId, InvalidDataIdError, InvalidOptionError, PublishError } from "../../src/publisher.js";

/** A client that keeps what it is asked and acknowledges all of it, or answers as told. */
function keepingClient(answer?: (records: readonly unknown[]) => unknown) {
  const inputs: { StreamName?: string; StreamARN?: string; Records: { Data: Uint8Array; PartitionKey: string }[] }[] =
    [];
  const client = {
    async send({ input }: { input: (typeof inputs)[number] }) {
      inputs.push(input);
      if (answer !== undefined) return answer(input.Records);
      return { Records: input.Records.map((_, n) => ({ ShardId: "shardId-0", SequenceNumber: String(n) })) };
    },
  };
  return {
    client: client as unknown as KinesisClient,
    inputs,
    records: () => inputs.flatMap(({ Records }) => Records.map(({ Data }) => JSON.parse(Buffer.from(Data).toString()))),
  };
}

const ID = dataId("db.users.id", "1");
const KEY = "id=1&s=db.users.id&t=data.ID";

describe("createPublisher", () => {
  test.each([
    [{ clients: 1 }, "clients", /unknown option "clients"; did you mean "client"\?/],
    [{ client: {} }, "client", /an object with send\(\)/],
    [{ client: null }, "client", /but got null/],
    [{ publishTimeoutMs: 0 }, "publishTimeoutMs", /from 1 to 900000, but got 0/],
    [{ publishTimeoutMs: 900_001 }, "publishTimeoutMs", /but got 900001/],
    [{ publishTimeoutMs: Number.NaN }, "publishTimeoutMs", /but got NaN/],
    [{ publishTimeoutMs: "10" }, "publishTimeoutMs", /but got "10"/],
    [null, "options", /an object, but got null/],
    ["users", "options", /an object, but got "users"/],
    [[], "options", /an object, but got an array/],
  ])("refuses the options %j, naming %s", (options, option, message) => {
    const create = () => createPublisher("users", options as never);
    expect(create).toThrow(InvalidOptionError);
    expect(create).toThrow(message);
    expect(create).toThrow(expect.objectContaining({ option }));
  });

  test("refuses what is no stream", () => {
    expect(() => createPublisher("no such name!")).toThrow(InvalidOptionError);
  });

  test("makes no call", () => {
    const { client, inputs } = keepingClient();
    createPublisher("users", { client });
    expect(inputs).toEqual([]);
  });
});

describe("what it publishes", () => {
  test("ids, and objects that name one, each once, and resolves to a token", async () => {
    const { client, inputs, records } = keepingClient();
    const user = { observableId: () => ID };
    const token = await createPublisher("users", { client }).invalidate(ID, user, dataId("db.users.id", "2"));
    expect(records()).toMatchObject([{ keys: [KEY, "id=2&s=db.users.id&t=data.ID"] }]);
    expect(inputs).toMatchObject([{ StreamName: "users" }]);
    expect(token).toMatch(/^[\w-]+$/);
  });

  test("a source, and everything", async () => {
    const { client, records } = keepingClient();
    const publisher = createPublisher("users", { client });
    await publisher.invalidateSource("db.users.id");
    await publisher.invalidateAll();
    expect(records()).toMatchObject([
      { keys: [], sources: ["db.users.id"] },
      { keys: [], all: true },
    ]);
  });

  test("nothing, without a call, when there is nothing to publish", async () => {
    const { client, inputs } = keepingClient();
    expect(typeof (await createPublisher("users", { client }).invalidate())).toBe("string");
    expect(inputs).toEqual([]);
  });

  test("to the stream's ARN, if that is how it was named", async () => {
    const arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/users";
    const { client, inputs } = keepingClient();
    await createPublisher(arn, { client }).invalidate(ID);
    expect(inputs).toMatchObject([{ StreamARN: arn }]);
    expect(inputs[0]).not.toHaveProperty("StreamName");
  });

  test("not what is no id: it rejects, and publishes none of the others", async () => {
    const { client, inputs } = keepingClient();
    const publisher = createPublisher("users", { client });
    await expect(publisher.invalidate(ID, KEY as never)).rejects.toThrow(InvalidDataIdError);
    await expect(publisher.invalidate(undefined as never)).rejects.toThrow(InvalidDataIdError);
    await expect(publisher.invalidateSource(5 as never)).rejects.toThrow(InvalidDataIdError);
    expect(inputs).toEqual([]);
  });

  test("or says what it may not have published", async () => {
    const refusal = Object.assign(new Error("not allowed"), { name: "AccessDeniedException", $fault: "client" });
    const { client } = keepingClient(() => Promise.reject(refusal));
    const publisher = createPublisher("users", { client });
    const failure = await publisher.invalidate(ID).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PublishError);
    expect(failure).toMatchObject({ ids: [KEY], sources: [], everything: false });
    await expect(publisher.invalidateSource("s")).rejects.toMatchObject({ ids: [], sources: ["s"] });
    await expect(publisher.invalidateAll()).rejects.toMatchObject({ everything: true });
  });

  test("within its time, and no longer, though the client never answers", async () => {
    const { client } = keepingClient(() => new Promise(() => undefined));
    await expect(createPublisher("users", { client, publishTimeoutMs: 1 }).invalidate(ID)).rejects.toThrow(
      PublishError,
    );
  });
});
