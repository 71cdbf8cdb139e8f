/** What the protocol relies on in the client of our own making. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DeleteItemCommand, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createDynamoDBClient } from "../../../src/dynamodb/client.js";
import { withVariables } from "../support/environment-variables.js";
import { tableWire } from "../support/sdk-wire.js";

/** A service on loopback that throttles every request, and what it saw of them. */
async function throttlingService() {
  const requests: string[] = [];
  const connections = new Set<unknown>();
  const server = createServer((request, response) => {
    requests.push(request.httpVersion);
    connections.add(request.socket);
    const type = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
    request.resume().on("end", () => response.writeHead(400).end(JSON.stringify({ __type: type, message: "slow" })));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { requests, connections, server, port: (server.address() as AddressInfo).port };
}

const command = () => new GetItemCommand({ TableName: "changes", Key: { pk: { S: "a" }, sk: { N: "-1" } } });

describe("createDynamoDBClient", () => {
  test("makes one attempt per call, at once, over HTTP/1.1, on a connection that stays open", async () => {
    const { requests, connections, server, port } = await throttlingService();
    const variables = {
      AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: "id",
      AWS_SECRET_ACCESS_KEY: "secret",
    };
    await withVariables(variables, async () => {
      const client = createDynamoDBClient({ region: "eu-west-1" });
      for (let call = 0; call < 3; call++) {
        await expect(client.send(command())).rejects.toMatchObject({ name: "ProvisionedThroughputExceededException" });
      }
      client.destroy();
    });
    server.close();
    expect([requests, connections.size]).toEqual([["1.1", "1.1", "1.1"], 1]);
  });

  test("uses the region it is given, and else the environment's", async () => {
    await withVariables({ AWS_REGION: "us-east-2" }, async () => {
      expect(await createDynamoDBClient({ region: "eu-west-1" }).config.region()).toBe("eu-west-1");
      expect(await createDynamoDBClient().config.region()).toBe("us-east-2");
    });
  });
});

describe("the leaner GetItem", () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  const { attribute } = fc.letrec((tie) => ({
    attribute: fc.oneof(
      { maxDepth: 3 },
      fc.record({ S: fc.string({ unit: "grapheme" }) }),
      fc.record({ N: fc.integer().map(String) }),
      fc.record({ B: bytes }),
      fc.record({ BOOL: fc.boolean() }),
      fc.constant({ NULL: true }),
      fc.record({ SS: fc.array(fc.string(), { minLength: 1 }) }),
      fc.record({ BS: fc.array(bytes, { minLength: 1 }) }),
      fc.record({ L: fc.array(tie("attribute"), { maxLength: 4 }) }),
      fc.record({ M: fc.dictionary(fc.string({ minLength: 1 }), tie("attribute"), { maxKeys: 4 }) }),
    ),
  }));
  const item = fc.dictionary(fc.constantFrom("pk", "sk", "i", "b", "r", "v", "x"), attribute);
  const inBase64 = (_name: string, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
  /** Bytes as bytes, whichever class they are of. */
  const plain = (value: unknown): unknown => {
    if (value instanceof Uint8Array) return [...value];
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
  };

  test("is sent as the SDK sends it, and its answer read as the SDK reads it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.option(item, { nil: undefined }), async (Item) => {
        const wire = tableWire();
        wire.reply = () => ({ body: JSON.stringify({ Item }, inBase64) });
        const strong = () => new GetItemCommand({ ...command().input, ConsistentRead: true });
        const [sdk, lean] = [await wire.client.send(strong()), await wire.client.send(strong())];
        expect(wire.sent.map(wire.isSdk)).toEqual([true, false]);
        expect(plain(lean.Item)).toEqual(plain(sdk.Item));
        expect(plain(lean.Item)).toEqual(plain(Item));
        const [first, second] = wire.sent.map(({ headers, body, ...request }) => ({
          ...request,
          target: headers["x-amz-target"],
          type: headers["content-type"],
          body: JSON.parse(typeof body === "string" ? body : new TextDecoder().decode(body as Uint8Array)) as unknown,
        }));
        expect({ ...second, query: {} }).toEqual({ ...first, query: {} });
      }),
      { numRuns: 100 },
    );
  });

  test("is refused as by the SDK", async () => {
    const wire = tableWire();
    const type = "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException";
    wire.reply = () => ({ statusCode: 400, body: { __type: type, message: "Requested resource not found" } });
    const errors = [];
    for (const _ of [1, 2]) errors.push(await wire.client.send(command()).catch((error: unknown) => error));
    const [sdk, lean] = errors as Error[];
    expect(wire.sent.map(wire.isSdk)).toEqual([true, false]);
    expect([lean?.name, lean?.message]).toEqual([sdk?.name, sdk?.message]);
  });

  test("goes where the SDK sends a table in its place", async () => {
    const wire = tableWire();
    const arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/changes";
    for (const TableName of [arn, "changes", arn, "changes"])
      await wire.client.send(new GetItemCommand({ ...command().input, TableName }));
    const hosts = wire.sent.map(({ hostname }) => hostname);
    expect(hosts.slice(2)).toEqual(hosts.slice(0, 2));
    expect(wire.sent.map(wire.isSdk)).toEqual([true, true, false, false]);
  });

  test("all else goes through the SDK", async () => {
    const wire = tableWire();
    for (const _ of [1, 2]) await wire.client.send(new DeleteItemCommand(command().input));
    expect(wire.sent.map(wire.isSdk)).toEqual([true, true]);
  });
});
