/** What the protocol relies on in the client of our own making. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { GetRecordsCommand } from "@aws-sdk/client-kinesis";
import { describe, expect, test } from "@jest/globals";
import { createKinesisClient } from "../../../src/kinesis/client.js";
import { withVariables } from "../support/environment-variables.js";

/** A service on loopback that fails every request, and what it saw of them. */
async function failingService() {
  const requests: string[] = [];
  const connections = new Set<unknown>();
  const server = createServer((request, response) => {
    requests.push(request.httpVersion);
    connections.add(request.socket);
    request.resume().on("end", () => response.writeHead(500).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { requests, connections, server, port: (server.address() as AddressInfo).port };
}

describe("createKinesisClient", () => {
  test("makes one attempt per call, over HTTP/1.1, on a connection that stays open", async () => {
    const { requests, connections, server, port } = await failingService();
    const variables = {
      AWS_ENDPOINT_URL_KINESIS: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: "id",
      AWS_SECRET_ACCESS_KEY: "secret",
    };
    await withVariables(variables, async () => {
      const client = createKinesisClient({ region: "eu-west-1" });
      for (let call = 0; call < 3; call++) {
        await expect(client.send(new GetRecordsCommand({ ShardIterator: "token" }))).rejects.toThrow();
      }
      client.destroy();
    });
    server.close();
    expect([requests, connections.size]).toEqual([["1.1", "1.1", "1.1"], 1]);
  });

  test("gives every call a time-out, and a wide stream a connection for each shard", async () => {
    const { requestHandler } = createKinesisClient({ region: "eu-west-1" }).config;
    // What a handler was told can only be seen inside it; waiting for a time-out would take seconds.
    const settings = await (Reflect.get(requestHandler, "configProvider") as Promise<object>);
    expect(settings).toMatchObject({
      // Its timer would outlive a call aborted while it connects.
      connectionTimeout: undefined,
      requestTimeout: 5_000,
      throwOnRequestTimeout: true,
      httpsAgent: { keepAlive: true, maxSockets: 512 },
    });
  });

  test("uses the region it is given, and else the environment's", async () => {
    await withVariables({ AWS_REGION: "us-east-2" }, async () => {
      expect(await createKinesisClient({ region: "eu-west-1" }).config.region()).toBe("eu-west-1");
      expect(await createKinesisClient({ region: undefined }).config.region()).toBe("us-east-2");
      expect(await createKinesisClient().config.region()).toBe("us-east-2");
    });
  });
});
