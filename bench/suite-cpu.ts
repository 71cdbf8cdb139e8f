/**
 * What a refresh costs in CPU, which is latency in Lambda: 512 MB is 0.29 of a core, 128 MB 0.07. An invocation with a hit is set
 * against the same call signed and sent by hand and the bare SDK's, warm, on one connection, answered at once; and then run as slow
 * as such functions are.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { bareTableClient } from "./bare-table-client.js";
import { handMadeCalls } from "./by-hand.js";
import { limitCpu, type Quota } from "./cpu-quota.js";
import { type Handler, scacheHandler, tableHandler } from "./handlers.js";
import { LimitReader } from "./limit.js";
import { type Result, result } from "./result.js";
import { figure, interleave, ratio, type Samples } from "./statistics.js";
import { bareClient, type StubKinesis, startStubKinesis, stubStream } from "./stub-kinesis.js";
import { runSuite, type Scale } from "./suite.js";

const suite = "cpu";
/** So many calls to a sample: what the clock of CPU time cannot tell apart is small beside them. */
const CALLS = 100;
/** The SDK's take so much longer that a quarter of them tells as much. */
const CALLS_OF_THE_SDK = 25;
const WARM_UPS_OF_THE_SDK = 4;
const CALL_MS = 10;
const SOURCE_MS = 40;
const QUOTAS = [0.3, 0.07];

type Contestant = "ours" | "byHand" | "sdk";

/** Microseconds of CPU that one call takes, user and system together. */
async function cpuOf(call: () => Promise<unknown>, calls = CALLS): Promise<number> {
  const before = process.cpuUsage();
  for (let made = 0; made < calls; made += 1) await call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

async function costs(calls: Record<Contestant, () => Promise<unknown>>, scale: Scale) {
  const { ours, byHand, sdk } = calls;
  const compared = { ours: () => cpuOf(ours), byHand: () => cpuOf(byHand) };
  const beside = { sdk: () => cpuOf(sdk, CALLS_OF_THE_SDK) };
  await interleave(beside, WARM_UPS_OF_THE_SDK);
  // Until the compiler has done its work, which takes CPU on threads of its own.
  await interleave(compared, scale.rounds(30, 12));
  return interleave({ ...compared, ...beside }, scale.rounds(60, 4));
}

function told(log: string, { ours, byHand, sdk }: Samples<Contestant>): Result[] {
  const us = (name: string, of: readonly number[]) =>
    result({ suite, name: `${name}, ${log}`, unit: "us", figure: figure(of) });
  return [
    us("an invocation with a hit", ours),
    us("the call signed and sent by hand", byHand),
    us("the call through the bare SDK", sdk),
    result({
      suite,
      name: `an invocation / the call by hand, ${log}`,
      unit: "x",
      figure: ratio(ours, byHand),
      target: { atMost: 2 },
    }),
  ];
}

function mustHit(ours: Handler): void {
  if (ours.loads() !== 1) throw new Error("an invocation that should have hit has loaded");
}

async function onStream(stub: StubKinesis, scale: Scale): Promise<Result[]> {
  const stream = stubStream(1, 0);
  const ours = scacheHandler(stream, 1);
  const limit = new LimitReader(bareClient(stub.endpoint));
  await limit.open(stream);
  const hand = handMadeCalls(stub.endpoint, "kinesis");
  const page = { ShardIterator: `${stream}/next` };
  const samples = await costs(
    {
      ours: ours.invoke,
      byHand: () => hand.call("Kinesis_20131202.GetRecords", page),
      sdk: () => limit.read(),
    },
    scale,
  );
  hand.close();
  mustHit(ours);
  return told("a stream", samples);
}

async function onTable(stub: StubKinesis, scale: Scale): Promise<Result[]> {
  const table = stubStream(1, 0);
  const ours = tableHandler(table, 1);
  const client = bareTableClient(stub.endpoint);
  const hand = handMadeCalls(stub.endpoint, "dynamodb");
  const item = { TableName: table, Key: { pk: { S: "invalidations" }, sk: { N: "-1" } }, ConsistentRead: true };
  const samples = await costs(
    {
      ours: ours.invoke,
      byHand: () => hand.call("DynamoDB_20120810.GetItem", item),
      sdk: () => client.send(new GetItemCommand(item)),
    },
    scale,
  );
  hand.close();
  mustHit(ours);
  return told("a table", samples);
}

/** A function that is warm. */
async function startHost(stub: StubKinesis, scale: Scale): Promise<ChildProcess> {
  const args = [stub.endpoint, stubStream(1, CALL_MS), SOURCE_MS, scale.rounds(60, 5)].map(String);
  const host = fork(fileURLToPath(new URL("./cpu-host.mjs", import.meta.url)), args, { execArgv: [] });
  await messageOf(host);
  return host;
}

/** The same invocation as slow as in a function of so much memory. Ends the host. */
async function underQuota(host: ChildProcess, share: number): Promise<Result[]> {
  const quota = limitCpu(host.pid ?? 0, share);
  const gone = once(host, "exit");
  try {
    host.send("go");
    const { samples } = (await messageOf(host)) as { samples: Samples<"ours" | "limit" | "noCache"> };
    return toldUnderQuota(share, samples, quota.by);
  } finally {
    host.kill();
    await gone;
    quota.end();
  }
}

/** @throws Error where the process ends instead */
async function messageOf(host: ChildProcess): Promise<unknown> {
  const ended = once(host, "exit").then(([code]) => {
    throw new Error(`the function under a quota ended with status ${code}`);
  });
  const [message] = await Promise.race([once(host, "message"), ended]);
  return message;
}

function toldUnderQuota(share: number, samples: Samples<"ours" | "limit" | "noCache">, by: Quota["by"]): Result[] {
  const at = `${share} of a core`;
  const ms = (name: string, of: readonly number[]) =>
    result({ suite, name: `${name}, ${at}`, unit: "ms", figure: figure(of), note: `by ${by}` });
  return [
    ms("an invocation with a hit", samples.ours),
    ms("the bare SDK's one call", samples.limit),
    ms("no cache", samples.noCache),
    result({
      suite,
      name: `an invocation / the bare SDK, ${at}`,
      unit: "x",
      figure: ratio(samples.ours, samples.limit),
      target: { atMost: 1.1 },
    }),
  ];
}

await runSuite(async (scale) => {
  const stub = await startStubKinesis();
  const results = [...(await onStream(stub, scale)), ...(await onTable(stub, scale))];
  const hosts = await Promise.all(QUOTAS.map(async (share) => ({ share, host: await startHost(stub, scale) })));
  for (const { share, host } of hosts) results.push(...(await underQuota(host, share)));
  await stub.stop();
  return results;
});
process.exit(0);
