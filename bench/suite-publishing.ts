/**
 * Publishing 1, 100 and 100,000 ids: how many calls, against the fewest Kinesis's limits allow, and how long, against
 * the bare SDK sending the same bytes in that fewest number of calls.
 */

import { PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { encodeRecord } from "../src/core/record.js";
import { createPublisher } from "../src/publisher.js";
import { ids } from "./keys.js";
import { type Result, result, shown } from "./result.js";
import { figure, interleave, ratio, timed } from "./statistics.js";
import { bareClient, type StubKinesis, startStubKinesis, stubStream } from "./stub-kinesis.js";
import { runSuite, type Scale } from "./suite.js";

const suite = "publishing";
const CALL_MS = 10;
/** PutRecords takes 500 records and 10 MiB, partition keys included; a record holds 1 MiB. */
const CALL_BYTES = 10 * 1024 * 1024;
const CALL_RECORDS = 500;
const RECORD_BYTES = 1024 * 1024;
/** The keys of one record of the bare SDK's; well under 1 MiB. */
const KEYS_PER_RECORD = 500;

/** The same ids in as few calls as hold them, all of them at once. */
function bareCalls(keys: readonly string[]): { Data: Uint8Array; PartitionKey: string }[][] {
  const calls: { Data: Uint8Array; PartitionKey: string }[][] = [[]];
  let bytes = 0;
  for (let at = 0; at < keys.length; at += KEYS_PER_RECORD) {
    const data = encodeRecord({ keys: keys.slice(at, at + KEYS_PER_RECORD) }, Date.now());
    if (bytes + data.length > CALL_BYTES || calls.at(-1)?.length === CALL_RECORDS) {
      calls.push([]);
      bytes = 0;
    }
    calls.at(-1)?.push({ Data: data, PartitionKey: String(at) });
    bytes += data.length;
  }
  return calls;
}

/** What the limits allow for these keys: bytes of them all over what one call takes. */
function fewestCalls(keys: readonly string[]): number {
  const bytes = keys.reduce((sum, key) => sum + JSON.stringify(key).length + 1, 0);
  return Math.max(1, Math.ceil(bytes / CALL_BYTES), Math.ceil(bytes / (RECORD_BYTES * CALL_RECORDS)));
}

async function publish(stub: StubKinesis, scale: Scale, count: number): Promise<Result[]> {
  const stream = stubStream(4, CALL_MS);
  const all = ids(count);
  const keys = all.map(String);
  const publisher = createPublisher(stream);
  const client = bareClient(stub.endpoint);
  const contestants = {
    ours: () => timed(() => publisher.invalidate(...all)),
    bare: () =>
      timed(() =>
        Promise.all(
          bareCalls(keys).map((Records) => client.send(new PutRecordsCommand({ StreamName: stream, Records }))),
        ),
      ),
  };
  await interleave(contestants, 3);
  const samples = await interleave(contestants, count > 10_000 ? scale.rounds(20, 3) : scale.rounds(60, 10));
  await stub.reset();
  await publisher.invalidate(...all);
  const { calls, maxInFlight } = await stub.stats();
  const sent = calls.PutRecords ?? 0;
  const at = `${shown(count)} id${count === 1 ? "" : "s"}`;
  const parallel = sent > 1 ? `, ${maxInFlight} of ${sent} at once` : "";
  return [
    result({
      suite,
      name: `calls for ${at}${parallel}`,
      unit: "calls",
      figure: figure([sent]),
      target: { atMost: fewestCalls(keys) },
    }),
    result({ suite, name: `${at}: ours`, unit: "ms", figure: figure(samples.ours) }),
    result({ suite, name: `${at}: ours / the bare SDK`, unit: "x", figure: ratio(samples.ours, samples.bare) }),
  ];
}

await runSuite(async (scale) => {
  const stub = await startStubKinesis();
  const results: Result[] = [];
  for (const count of [1, 100, 100_000]) results.push(...(await publish(stub, scale, count)));
  await stub.stop();
  return results;
});
process.exit(0);
