/**
 * The Python of docs/wire-format.md, run as it stands there against an embedded Kinesis: an environment drops what it names, and
 * nothing else, and the page's own examples are what scache writes.
 */
import { readFileSync } from "node:fs";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { decodeRecord } from "../../src/core/record.js";
import { dataId, scache } from "../../src/index.js";
import { kinesisClient, type RunningKinesis, startKinesis } from "../../tools/emulators/kinesis.js";
import { createStream } from "../../tools/emulators/streams.js";
import { pythonOf } from "../support/python.js";

const page = readFileSync(new URL("../../docs/wire-format.md", import.meta.url), "utf8");
const python = pythonOf("wire-format.md", 1);
afterAll(() => python.remove());

test("the page's record is understood, and its keys are those of scache", () => {
  const [, record = ""] = /^```json\n(.*)\n```/m.exec(page) ?? [];
  const [said] = [...decodeRecord(new TextEncoder().encode(record))];
  const keys = ["12345", "67890"].map((id) => String(dataId("db.users.id", id)));
  expect(said).toEqual({ keys, sources: [], all: false });
  expect(page).toContain(`\`${dataId("db.users.id", "a b/ä")}\``);
  const [, shell = ""] = /--data '(.*)'/.exec(page) ?? [];
  expect(JSON.parse(shell)).toEqual({ keys: keys.slice(0, 1) });
});

const { run } = python;
if (run === undefined) {
  test("left out: the Python of docs/wire-format.md, since there is no Python 3 with boto3", () => {
    expect(python.text).toContain("def invalidate(");
  });
} else {
  describe("a producer in Python", () => {
    let kinesis: RunningKinesis;
    let client: KinesisClient;
    beforeAll(async () => {
      kinesis = await startKinesis();
      client = kinesisClient(kinesis);
      await createStream(client, "changes", 2);
    });
    afterAll(async () => {
      client.destroy();
      await kinesis.stop();
    });

    /** An environment that holds these, and says which of them it had to load. */
    function environment() {
      return scache("changes", { client, metrics: false, refreshTimeoutMs: 10_000 }).wrap(
        async (ids: readonly string[], { cache }) => {
          const loaded: string[] = [];
          for (const id of ids) {
            const get = () => {
              loaded.push(id);
              return id;
            };
            await cache.getOrAdd(dataId<string>("db.users.id", id), get);
          }
          return loaded;
        },
      );
    }

    test("drops exactly what it names, however many", async () => {
      const invoke = environment();
      const read = (ids: readonly string[]) => invoke(ids, { getRemainingTimeInMillis: () => 60_000 } as never);
      const odd = ["a b", "ä/€?&=+", "~-._!*'()", "12345"];
      const many = Array.from({ length: 1_050 }, (_, n) => `user-${n}`);
      const all = ["kept", ...odd, ...many];
      expect(await read(all)).toEqual(all);
      expect(await read(all)).toEqual([]);
      const named = [...odd, ...many.slice(1)];
      const keys = `[key("db.users.id", id) for id in ${JSON.stringify(named)}]`;
      await run(`invalidate("changes", ${keys})`, kinesis, "AWS_ENDPOINT_URL_KINESIS");
      expect(await read(all)).toEqual(named);
      expect(await read(all)).toEqual([]);
    });

    test("sends again what Kinesis refused, and only that", async () => {
      const lines = `
class Refusing:
    def __init__(self):
        self.calls, self.held = [], []
    def put_records(self, StreamName, Records):
        self.calls.append(len(Records))
        refuse = len(self.calls) == 1
        results = []
        for n, record in enumerate(Records):
            if refuse and n % 2 == 1:
                results.append({"ErrorCode": "ProvisionedThroughputExceededException"})
            else:
                self.held.append(record["Data"])
                results.append({"SequenceNumber": "1"})
        return {"Records": results}

kinesis = Refusing()
names = [str(n) for n in range(401)]
invalidate("changes", names)
assert kinesis.calls == [5, 2], kinesis.calls
assert sorted(k for data in kinesis.held for k in json.loads(data)["keys"]) == sorted(names)
class Full:
    def put_records(self, StreamName, Records):
        return {"Records": [{"ErrorCode": "InternalFailure"} for _ in Records]}
kinesis = Full()
try:
    invalidate("changes", names, attempts=2)
except RuntimeError as error:
    assert "5 records" in str(error), error
else:
    raise AssertionError("it was said to be written")
`;
      await run(lines, kinesis, "AWS_ENDPOINT_URL_KINESIS");
    });
  });
}
