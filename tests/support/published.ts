/** What a stream really holds, read straight from it: the judge of what a publisher says. */
import { GetRecordsCommand, GetShardIteratorCommand } from "@aws-sdk/client-kinesis";
import { listShards } from "../../tools/emulators/streams.js";
import type { Stage } from "./stage.js";

/** Every key on the stream, as often as it is there. */
export async function publishedKeys(stage: Stage): Promise<string[]> {
  const keys: string[] = [];
  for (const { ShardId } of await listShards(stage.direct, stage.streamName)) {
    const start = { StreamName: stage.streamName, ShardId, ShardIteratorType: "TRIM_HORIZON" as const };
    let { ShardIterator: iterator } = await stage.direct.send(new GetShardIteratorCommand(start));
    while (iterator !== undefined) {
      const page = await stage.direct.send(new GetRecordsCommand({ ShardIterator: iterator }));
      for (const { Data } of page.Records ?? []) keys.push(...JSON.parse(Buffer.from(Data ?? []).toString()).keys);
      iterator = page.MillisBehindLatest === 0 ? undefined : page.NextShardIterator;
    }
  }
  return keys;
}
