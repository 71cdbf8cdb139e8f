/**
 * What an invocation with a hit takes with its log in a table, when every call takes 4 ms as DynamoDB's do: ours against the bare
 * SDK's GetItem, in turn in one run; and how many readings 64 invocations at once share.
 */

import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { bareTableClient } from "./bare-table-client.js";
import { tableHandler } from "./handlers.js";
import { result } from "./result.js";
import { figure, interleave, ratio, timed } from "./statistics.js";
import { startStubKinesis, stubStream } from "./stub-kinesis.js";
import { runSuite } from "./suite.js";

const CALL_MS = 4;
const SOURCE_MS = 40;
const BURST = 64;

const suite = "table";

await runSuite(async (scale) => {
  const stub = await startStubKinesis();
  const table = stubStream(1, CALL_MS);
  const client = bareTableClient(stub.endpoint);
  const key = { pk: { S: "invalidations" }, sk: { N: "-1" } };
  const getItem = () => client.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }));
  const ours = tableHandler(table, SOURCE_MS);
  for (let warmUp = 0; warmUp < 20; warmUp += 1) await Promise.all([getItem(), ours.invoke()]);
  const callsOf = async (work: () => Promise<unknown>) => {
    await stub.reset();
    await work();
    return Object.values((await stub.stats()).calls).reduce((sum, calls) => sum + calls, 0);
  };
  const burst = () => Promise.all(Array.from({ length: BURST }, ours.invoke));

  const samples = await interleave(
    { ours: () => timed(ours.invoke), limit: () => timed(getItem), burst: () => timed(burst) },
    scale.rounds(400, 60),
  );
  const hitCalls = await callsOf(ours.invoke);
  const burstCalls = await callsOf(burst);
  if (ours.loads() !== 1) throw new Error("an invocation that should have hit has loaded");
  await stub.stop();
  const name = `${BURST} at once on a table`;
  return [
    result({ suite, name: "ours, a table", unit: "ms", figure: figure(samples.ours) }),
    result({ suite, name: "the bare SDK's GetItem", unit: "ms", figure: figure(samples.limit) }),
    result({
      suite,
      name: "ours / the bare GetItem",
      unit: "x",
      figure: ratio(samples.ours, samples.limit),
      target: { atMost: 1.1 },
    }),
    result({ suite, name: "calls for a hit", unit: "calls", figure: figure([hitCalls]), target: { atMost: 1 } }),
    result({ suite, name: `${name}: calls`, unit: "calls", figure: figure([burstCalls]), target: { atMost: 2 } }),
    result({ suite, name: `${name}: ours / one`, unit: "x", figure: ratio(samples.burst, samples.ours) }),
  ];
});
process.exit(0);
