/** What the protocol relies on in the client of our own making. */
import { GetRecordsCommand, ListShardsCommand } from "@aws-sdk/client-kinesis";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createStreamApi } from "../../../src/kinesis/api.js";
import { createKinesisClient } from "../../../src/kinesis/client.js";
import { type StubKinesis, startStubKinesis } from "../../../tools/builds/stub-kinesis.js";
import { withVariables } from "../support/environment-variables.js";

const { signal } = new AbortController();
const SHARDS = 40;
let kinesis: StubKinesis;

beforeEach(async () => {
  kinesis = await startStubKinesis({ shards: SHARDS });
});
afterEach(() => kinesis.stop());

/** With a client that finds the stub by the environment's variables, as any client of the SDK does. */
function withClient<T>(use: (client: ReturnType<typeof createKinesisClient>) => Promise<T>): Promise<T> {
  const variables = {
    AWS_ENDPOINT_URL_KINESIS: kinesis.endpoint,
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "id",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_SESSION_TOKEN: "token",
  };
  return withVariables(variables, async () => {
    const client = createKinesisClient();
    try {
      return await use(client);
    } finally {
      client.destroy();
    }
  });
}

describe("createKinesisClient", () => {
  test("makes one attempt per call, over HTTP/1.1, on a connection that stays open", async () => {
    await withClient(async (client) => {
      // Refused for its signature, which no repeat mends.
      Object.assign(process.env, { AWS_SECRET_ACCESS_KEY: "wrong" });
      for (let call = 0; call < 3; call++) {
        const send = client.send(new GetRecordsCommand({ ShardIterator: "0/0" }));
        await expect(send).rejects.toMatchObject({ name: "InvalidSignatureException" });
      }
    });
    expect(kinesis.requests.map(({ connection }) => connection)).toEqual([1, 1, 1]);
  });

  test("signs every call so that the service accepts it, and tells the service's time", async () => {
    await withClient(async (client) => {
      const api = createStreamApi(client, { name: "users" });
      for (let round = 0; round < 3; round++) {
        const { shards, serverTimeMs } = await api.listShards({ fromTimestampMs: 1_500 }, signal);
        expect(shards).toHaveLength(SHARDS);
        expect(Math.abs((serverTimeMs ?? 0) - Date.now())).toBeLessThan(5_000);
        await api.putRecords([{ data: Buffer.from(`é${round}`), partitionKey: "é" }], signal);
        const iterator = await api.getShardIterator(shards[round]?.shardId ?? "", undefined, signal);
        const page = await api.getRecords(iterator, undefined, signal);
        expect(page.records.map(({ data }) => Buffer.from(data).toString())).toEqual([`é${round}`]);
        expect(Math.abs((page.serverTimeMs ?? 0) - Date.now())).toBeLessThan(5_000);
      }
    });
    // Once by the SDK for each of the four operations, and by hand from then on.
    const bySdk = kinesis.requests.map(({ headers }) => headers["amz-sdk-invocation-id"] !== undefined);
    expect(bySdk).toEqual([true, true, true, true, ...Array(8).fill(false)]);
  });

  test("has a connection for each shard of a wide stream", async () => {
    kinesis.delay(100);
    await withClient(async (client) => {
      const calls = Array.from(
        { length: SHARDS },
        (_, shard) => new GetRecordsCommand({ ShardIterator: `${shard}/0` }),
      );
      await Promise.all(calls.map((call) => client.send(call)));
    });
    expect(kinesis.connections).toBe(SHARDS);
  });

  test("ends a call after five seconds", async () => {
    kinesis.delay(20_000);
    await withClient(async (client) => {
      const began = performance.now();
      await expect(client.send(new ListShardsCommand({ StreamName: "users" }))).rejects.toMatchObject({
        name: "TimeoutError",
      });
      expect(performance.now() - began).toBeGreaterThan(4_500);
      expect(performance.now() - began).toBeLessThan(8_000);
    });
  }, 15_000);

  test.each([
    ["behind", 600_000],
    ["ahead", -600_000],
  ])("makes a call again at once if it was refused because the clock is ten minutes %s", async (_way, aheadMs) => {
    await withClient(async (client) => {
      const api = createStreamApi(client, { name: "users" });
      const call = () => api.getRecords("0/0", undefined, signal);
      await call();
      kinesis.setClock(aheadMs);
      await call();
      await call();
      kinesis.setClock(0);
      await call();
    });
    expect(kinesis.requests).toHaveLength(6);
  });

  test("so also if it is the very first call that was refused, by the SDK", async () => {
    kinesis.setClock(600_000);
    await withClient(async (client) => {
      await createStreamApi(client, { name: "users" }).getRecords("0/0", undefined, signal);
    });
    expect(kinesis.requests).toHaveLength(2);
  });

  test("uses the region it is given, and else the environment's", async () => {
    await withVariables({ AWS_REGION: "us-east-2" }, async () => {
      expect(await createKinesisClient({ region: "eu-west-1" }).config.region()).toBe("eu-west-1");
      expect(await createKinesisClient({ region: undefined }).config.region()).toBe("us-east-2");
      expect(await createKinesisClient().config.region()).toBe("us-east-2");
    });
  });
});
