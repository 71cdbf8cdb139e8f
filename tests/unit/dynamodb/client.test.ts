/** What the protocol relies on in the client of our own making. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, test } from "@jest/globals";
import { createDynamoDBClient } from "../../../src/dynamodb/client.js";
import { withVariables } from "../support/environment-variables.js";

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

  test("gives every call a time-out", async () => {
    const { requestHandler } = createDynamoDBClient({ region: "eu-west-1" }).config;
    // What a handler was told can only be seen inside it; waiting for a time-out would take seconds.
    const settings = await (Reflect.get(requestHandler, "configProvider") as Promise<object>);
    expect(settings).toMatchObject({
      // Its timer would outlive a call aborted while it connects.
      connectionTimeout: undefined,
      requestTimeout: 5_000,
      throwOnRequestTimeout: true,
      httpsAgent: { keepAlive: true },
    });
  });

  test("uses the region it is given, and else the environment's", async () => {
    await withVariables({ AWS_REGION: "us-east-2" }, async () => {
      expect(await createDynamoDBClient({ region: "eu-west-1" }).config.region()).toBe("eu-west-1");
      expect(await createDynamoDBClient().config.region()).toBe("us-east-2");
    });
  });
});
