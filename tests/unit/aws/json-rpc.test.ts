/** The leaner way to send is the SDK's in all that the service sees, and gives way to it wherever something is unexpected. */
import {
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
  PutRecordsCommand,
} from "@aws-sdk/client-kinesis";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { HttpRequest } from "../../../src/aws/http-handler.js";
import { CREDENTIALS, type KinesisWire, kinesisWire } from "../support/sdk-wire.js";

const ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/users";
const stream = fc.constantFrom({ StreamName: "users" }, { StreamARN: ARN });
const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
const time = fc.date({ min: new Date(0), max: new Date("2099-12-31"), noInvalidDate: true });
// Bytes may be a part of a larger buffer, as a Buffer's usually are.
const bytes = fc.uint8Array({ minLength: 2, maxLength: 100 }).map((all) => all.subarray(1, -1));
const record = fc.record({ Data: bytes, PartitionKey: text });

const commands = fc.oneof(
  fc.tuple(stream, fc.option(time, { nil: undefined }), fc.boolean()).map(([name, Timestamp, more]) => {
    const filter = Timestamp && { ShardFilter: { Type: "FROM_TIMESTAMP" as const, Timestamp } };
    return () => new ListShardsCommand(more ? { NextToken: "next", StreamARN: undefined } : { ...name, ...filter });
  }),
  fc.tuple(stream, text, fc.option(time, { nil: undefined })).map(([name, ShardId, Timestamp]) => {
    const ShardIteratorType = Timestamp ? ("AT_TIMESTAMP" as const) : ("TRIM_HORIZON" as const);
    return () => new GetShardIteratorCommand({ ...name, ShardId, ShardIteratorType, Timestamp });
  }),
  fc.tuple(text, fc.constantFrom(undefined, ARN)).map(([ShardIterator, StreamARN]) => {
    return () => new GetRecordsCommand({ ShardIterator, StreamARN });
  }),
  fc.tuple(stream, fc.array(record, { maxLength: 5 })).map(([name, Records]) => {
    return () => new PutRecordsCommand({ ...name, Records });
  }),
);

type Command = Parameters<KinesisWire["client"]["send"]>[0];

/** The same call twice: the SDK's request and ours. */
async function bothWays(wire: KinesisWire, command: () => unknown): Promise<[sdk: HttpRequest, lean: HttpRequest]> {
  const count = wire.sent.length;
  const outcomes = [];
  for (const _ of [1, 2]) outcomes.push(await wire.client.send(command() as Command).catch((error: unknown) => error));
  const [sdk, lean] = wire.sent.slice(count) as [HttpRequest, HttpRequest];
  expect([wire.isSdk(sdk), wire.isSdk(lean)]).toEqual([true, false]);
  return [sdk, lean];
}

const shown = ({ method, protocol, hostname, port, path, query }: HttpRequest) => ({
  method,
  protocol,
  hostname,
  port,
  path,
  query,
});
const json = ({ body }: HttpRequest) =>
  JSON.parse(typeof body === "string" ? body : new TextDecoder().decode(body as Uint8Array)) as unknown;

describe("what the service sees", () => {
  test("is what the SDK would send: where to, which call, and its input", async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (command) => {
        const [sdk, lean] = await bothWays(kinesisWire(), command);
        expect(shown(lean)).toEqual(shown(sdk));
        expect(json(lean)).toEqual(json(sdk));
        for (const name of ["host", "content-type", "x-amz-target", "user-agent"]) {
          expect(lean.headers[name]).toBe(sdk.headers[name]);
        }
        expect(lean.headers["content-length"]).toBe(String(Buffer.byteLength(String(lean.body))));
      }),
      { numRuns: 200 },
    );
  });

  test("is signed with the credentials of the moment, for the SDK's region and service", async () => {
    let credentials = CREDENTIALS;
    const wire = kinesisWire({ credentials: async () => ({ ...credentials, expiration: new Date(0) }) });
    const command = () => new GetRecordsCommand({ ShardIterator: "a" });
    const [sdk, lean] = await bothWays(wire, command);
    const scope = /Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/kinesis\/aws4_request, /;
    expect(sdk.headers.authorization).toMatch(scope);
    expect(lean.headers.authorization).toMatch(scope);
    expect(lean.headers["x-amz-security-token"]).toBe("token");
    credentials = { accessKeyId: "ROTATED", secretAccessKey: "other", sessionToken: "new" };
    await wire.client.send(command());
    expect(wire.sent.at(-1)?.headers.authorization).toMatch(/Credential=ROTATED\//);
    expect(wire.sent.at(-1)?.headers["x-amz-security-token"]).toBe("new");
  });

  test.each([
    ["an endpoint of one's own", { endpoint: "http://localhost:4566" }, "http:", "localhost"],
    ["FIPS", { useFipsEndpoint: true }, "https:", "kinesis-fips.eu-west-1.amazonaws.com"],
    ["dual stack", { useDualstackEndpoint: true }, "https:", "kinesis.eu-west-1.api.aws"],
    ["China", { region: "cn-north-1" }, "https:", "kinesis.cn-north-1.amazonaws.com.cn"],
  ])("goes where the SDK's settings say: %s", async (_what, config, protocol, hostname) => {
    const [sdk, lean] = await bothWays(kinesisWire(config), () => new GetRecordsCommand({ ShardIterator: "a" }));
    expect(lean).toMatchObject({ protocol, hostname });
    expect(shown(lean)).toEqual(shown(sdk));
  });

  test("goes where the SDK sends what names the same stream, next pages apart", async () => {
    const wire = kinesisWire();
    const inputs = [
      { StreamARN: ARN },
      { NextToken: "next" },
      { StreamARN: ARN.replace("123456789012", "210987654321") },
    ];
    for (const input of [...inputs, ...inputs]) await wire.client.send(new ListShardsCommand(input));
    const hosts = wire.sent.map(({ hostname }) => hostname);
    expect(new Set(hosts).size).toBe(3);
    expect(hosts.slice(3)).toEqual(hosts.slice(0, 3));
    expect(wire.sent.map(wire.isSdk)).toEqual([true, true, true, false, false, false]);
  });
});

describe("an answer", () => {
  async function answersTo(command: () => unknown, body: object) {
    const wire = kinesisWire();
    wire.reply = () => ({ body, headers: { date: "Thu, 01 Jan 2026 00:00:00 GMT", "x-amzn-requestid": "7" } });
    const sdk = (await wire.client.send(command() as Command)) as unknown as Record<string, unknown>;
    const lean = (await wire.client.send(command() as Command)) as unknown as Record<string, unknown>;
    expect(wire.sent.map(wire.isSdk)).toEqual([true, false]);
    return { sdk, lean };
  }

  test("of records is what the SDK makes of it, in all that is used", async () => {
    const stored = fc.record(
      { Data: fc.uint8Array({ maxLength: 200 }), SequenceNumber: text, ApproximateArrivalTimestamp: fc.nat() },
      { requiredKeys: ["Data"] },
    );
    const child = fc.record({ ShardId: text });
    // Some emulators write what is absent as null.
    const page = fc.record(
      {
        Records: fc.option(fc.array(stored)),
        NextShardIterator: fc.option(fc.oneof(text, fc.constant(": null"))),
        MillisBehindLatest: fc.option(fc.nat()),
        ChildShards: fc.option(fc.array(child)),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(page, async ({ Records, ...rest }) => {
        const encoded = Records?.map(({ Data, ...record }) => ({
          ...record,
          Data: Buffer.from(Data).toString("base64"),
        }));
        const command = () => new GetRecordsCommand({ ShardIterator: "a" });
        const { sdk, lean } = await answersTo(command, { ...rest, Records: Records === null ? null : encoded });
        for (const name of ["NextShardIterator", "MillisBehindLatest"]) expect(lean[name]).toEqual(sdk[name]);
        const idsOf = ({ ChildShards }: typeof sdk) =>
          (ChildShards as { ShardId: string }[])?.map(({ ShardId }) => ShardId);
        expect(idsOf(lean)).toEqual(idsOf(sdk));
        const recordsOf = (output: typeof sdk) =>
          (output.Records as { Data: Uint8Array; SequenceNumber: string; ApproximateArrivalTimestamp?: Date }[])?.map(
            (record) => [record.SequenceNumber, record.ApproximateArrivalTimestamp?.getTime(), ...record.Data],
          );
        expect(recordsOf(lean)).toEqual(recordsOf(sdk));
        expect(recordsOf(lean)?.length).toBe(Records?.length);
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    [new ListShardsCommand({ StreamName: "s" }), { Shards: [{ ShardId: "1", ParentShardId: "0" }], NextToken: "n" }],
    [
      new GetShardIteratorCommand({ StreamName: "s", ShardId: "1", ShardIteratorType: "LATEST" }),
      { ShardIterator: "i" },
    ],
    [
      new PutRecordsCommand({ StreamName: "s", Records: [] }),
      {
        FailedRecordCount: 1,
        Records: [
          { ShardId: "1", SequenceNumber: "2" },
          { ErrorCode: "E", ErrorMessage: "m" },
        ],
      },
    ],
  ])("of %p is what the SDK makes of it", async (command, body) => {
    const { sdk, lean } = await answersTo(() => command, body);
    expect({ ...lean, $metadata: undefined }).toEqual({ ...sdk, $metadata: undefined });
    expect(lean.$metadata).toEqual({ httpStatusCode: 200, requestId: "7", serverTimeMs: Date.UTC(2026, 0, 1) });
  });

  test.each([
    ["the service's own", 400, { __type: "com.amazonaws.kinesis.v20131202#ExpiredIteratorException", message: "old" }],
    ["without a namespace", 400, { __type: "ProvisionedThroughputExceededException", message: "slow down" }],
    ["in capitals", 400, { __type: "ResourceNotFoundException", Message: "none" }],
    ["unknown to the SDK", 400, { __type: "SomethingNewException:http://a", message: "new" }],
    ["of the service's fault", 500, { __type: "InternalFailureException", message: "oh" }],
    ["of the service's fault, unknown", 503, { __type: "Unheard", message: "oh" }],
  ])("that refuses, %s, is the error the SDK makes of it", async (_what, statusCode, body) => {
    const wire = kinesisWire();
    wire.reply = () => ({ statusCode, body, headers: { "x-amzn-requestid": "7" } });
    const errors = [];
    for (const _ of [1, 2]) {
      const send = wire.client.send(new GetRecordsCommand({ ShardIterator: "a" }));
      const { name, message, $fault, $metadata } = (await send.catch((error: unknown) => error)) as Error &
        Record<string, never>;
      const { httpStatusCode, requestId } = $metadata as unknown as Record<string, unknown>;
      errors.push({ name, message, $fault, httpStatusCode, requestId });
    }
    expect(wire.sent.map(wire.isSdk)).toEqual([true, false]);
    expect(errors[1]).toEqual(errors[0]);
  });

  test.each([
    [
      "a header that names the error",
      { statusCode: 400, headers: { "x-amzn-errortype": "AccessDeniedException:" } },
      "AccessDeniedException",
    ],
    ["no word at all", { statusCode: 503, body: "" }, "UnknownError"],
    ["nothing but an object", { statusCode: 400, body: {} }, "UnknownError"],
  ])("that refuses with %s is an error with its status", async (_what, reply, name) => {
    const wire = kinesisWire();
    await wire.client.send(new GetRecordsCommand({ ShardIterator: "a" }));
    wire.reply = () => reply;
    const call = wire.client.send(new GetRecordsCommand({ ShardIterator: "a" }));
    const $fault = reply.statusCode < 500 ? "client" : "server";
    await expect(call).rejects.toMatchObject({ name, $fault, $metadata: { httpStatusCode: reply.statusCode } });
  });

  test.each([["{"], ["null"], ["7"], ["<html>secret"], ['{"Records":"secret"}'], ['{"Records":[{"Data":7}]}']])(
    "of %s is a failure that does not quote it",
    async (body) => {
      const wire = kinesisWire();
      await wire.client.send(new GetRecordsCommand({ ShardIterator: "a" }));
      wire.reply = () => ({ body });
      await expect(wire.client.send(new GetRecordsCommand({ ShardIterator: "a" }))).rejects.toThrow(
        /^the answer cannot be read$/,
      );
    },
  );
});

describe("the SDK sends", () => {
  const getRecords = () => new GetRecordsCommand({ ShardIterator: "a" });
  /** Whether each of three calls was the SDK's. */
  async function three(wire: KinesisWire, command: () => unknown = getRecords) {
    for (const _ of [1, 2, 3]) await wire.client.send(command() as Command);
    return wire.sent.map(wire.isSdk);
  }

  test("the first call of an operation, and no further one", async () => {
    const wire = kinesisWire();
    expect(await three(wire)).toEqual([true, false, false]);
    expect(await three(wire, () => new ListShardsCommand({ StreamName: "s" }))).toEqual([
      true,
      false,
      false,
      true,
      false,
      false,
    ]);
  });

  test("operations that are not known here", async () => {
    const wire = kinesisWire();
    wire.reply = () => ({ body: { StreamDescription: {} } });
    expect(await three(wire, () => new DescribeStreamCommand({ StreamName: "s" }))).toEqual([true, true, true]);
  });

  test("everything, if it signs in a way not known here", async () => {
    const signer = {
      sign: async (request: HttpRequest) => ({
        ...request,
        headers: { ...request.headers, authorization: "AWS4-ECDSA-P256-SHA256 …" },
      }),
    };
    const wire = kinesisWire({ signer });
    expect(await three(wire)).toEqual([true, true, true]);
  });

  test("everything to an endpoint with a path, which is part of a signature", async () => {
    expect(await three(kinesisWire({ endpoint: "http://localhost/kinesis" }))).toEqual([true, true, true]);
  });

  test("everything of a client that does not show its credentials", async () => {
    expect(await three(kinesisWire({}, { showsCredentials: false }))).toEqual([true, true, true]);
  });
});

describe("a clock that is wrong", () => {
  const HOUR_MS = 3_600_000;
  /** A service that refuses what is dated more than five minutes from its own time. */
  function strict(wire: KinesisWire, aheadMs: number): void {
    wire.reply = ({ headers }) => {
      const serverMs = Date.now() + aheadMs;
      const [, y, mo, d, h, mi, s] =
        /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(headers["x-amz-date"] ?? "") ?? [];
      const signedMs = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
      const date = new Date(serverMs).toUTCString();
      if (Math.abs(signedMs - serverMs) <= 300_000) return { headers: { date } };
      const body = { __type: "InvalidSignatureException", message: "Signature expired" };
      return { statusCode: 400, headers: { date }, body };
    };
  }

  test.each([
    ["behind", HOUR_MS],
    ["ahead", -HOUR_MS],
  ])("%s costs one repeat of the first call, by the SDK, and none of those after it", async (_way, aheadMs) => {
    const wire = kinesisWire();
    strict(wire, aheadMs);
    for (const _ of [1, 2, 3]) await wire.client.send(new GetRecordsCommand({ ShardIterator: "a" }));
    expect(wire.sent).toHaveLength(4);
  });

  test("that is set while calls are made costs one repeat, without the SDK; set right again, another", async () => {
    const wire = kinesisWire();
    const call = () => wire.client.send(new GetRecordsCommand({ ShardIterator: "a" }));
    strict(wire, 0);
    await call();
    strict(wire, HOUR_MS);
    await call();
    await call();
    expect(wire.sent).toHaveLength(4);
    strict(wire, 0);
    await call();
    await call();
    expect(wire.sent).toHaveLength(7);
    expect(wire.sent.map(wire.isSdk)).toEqual([true, ...Array(6).fill(false)]);
  });

  test("is not blamed for every refusal", async () => {
    const wire = kinesisWire();
    wire.reply = () => ({
      statusCode: 400,
      headers: { date: new Date().toUTCString() },
      body: { __type: "InvalidSignatureException" },
    });
    for (const _ of [1, 2]) {
      await expect(wire.client.send(new GetRecordsCommand({ ShardIterator: "a" }))).rejects.toMatchObject({
        name: "InvalidSignatureException",
      });
    }
    expect(wire.sent).toHaveLength(2);
  });
});
