/** The relay: every record's news is in the log before the record counts as done, and none stops those behind it. */
import { describe, expect, test } from "@jest/globals";
import type {
  DynamoDBStreamEvent,
  KinesisStreamBatchResponse,
  KinesisStreamEvent,
  KinesisStreamHandler,
} from "aws-lambda";
import fc from "fast-check";
import { type DataId, fromDms, fromDynamoDb, type InvalidationPublisher, relay } from "../../../src/cdc/index.js";
import { createRelay, type RelayReport } from "../../../src/cdc/relay.js";
import type { Changed } from "../../../src/core/changed.js";
import { dataId } from "../../../src/core/data-id.js";
import { PUBLISH_CHANGED } from "../../../src/core/publishing/invalidator.js";
import { encodeRecord, type RecordDecoder } from "../../../src/core/record.js";
import { InvalidDataIdError, InvalidOptionError, PublishError } from "../../../src/errors.js";
import { ManualClock, MemoryStream, testPublisher } from "../../../src/testing/index.js";

const TABLES = { "*": { byKey: { "db.items": "id" }, whole: ["db.list"] } } as const;
const NOW_MS = 1_800_000_000_000;
const key = (id: string, source = "db.items") => dataId(source, id).toString();

/** A publisher of the public interface alone, which fails as it is told. */
function recordingPublisher(fails: (call: string) => unknown = () => undefined) {
  const calls: string[] = [];
  const publish = async (call: string) => {
    calls.push(call);
    const failure = fails(call);
    if (failure !== undefined) throw failure;
    return "token";
  };
  const publisher: InvalidationPublisher = {
    invalidate: (...targets) => publish(`ids ${(targets as DataId[]).map(({ id }) => id).join(" ")}`),
    invalidateSource: (source) => publish(`source ${source}`),
    invalidateAll: () => publish("all"),
  };
  return { publisher, calls };
}

const dms = (id: unknown, operation = "insert", more: object = {}) =>
  JSON.stringify({ data: { id }, metadata: { "record-type": "data", operation, "table-name": "t", ...more } });

/** Records of a Kinesis event, numbered from 1, each a second older than the one after it. */
function kinesis(...texts: readonly (string | Uint8Array)[]): { Records: object[] } {
  return {
    Records: texts.map((text, index) => ({
      eventSource: "aws:kinesis",
      eventSourceARN: "arn:aws:kinesis:eu-west-1:123456789012:stream/changes",
      kinesis: {
        data: Buffer.from(text).toString("base64"),
        sequenceNumber: String(index + 1),
        approximateArrivalTimestamp: (NOW_MS - (texts.length - index) * 1_000) / 1_000,
      },
    })),
  };
}

function relayTo(publisher: InvalidationPublisher, decode: RecordDecoder = fromDms(TABLES)) {
  const reports: RelayReport[] = [];
  const warnings: string[] = [];
  const handler = createRelay(decode, publisher, {
    clock: { now: () => NOW_MS },
    report: (report) => reports.push(report),
    warn: (message) => warnings.push(message),
  });
  return { handler, reports, warnings };
}

const failure = (
  unpublished: { ids?: string[]; sources?: string[]; everything?: boolean },
  cause: unknown = new Error("Rate exceeded"),
) => new PublishError("log", { ids: [], sources: [], everything: false, ...unpublished }, cause);
const DONE = { batchItemFailures: [] };
const from = (itemIdentifier: string) => ({ batchItemFailures: [{ itemIdentifier }] });

describe("a relay", () => {
  test("publishes what a batch says, each thing once, and reports it", async () => {
    const { publisher, calls } = recordingPublisher();
    const { handler, reports } = relayTo(publisher);
    expect(await handler(kinesis(dms(1), dms(2), dms(1)))).toEqual(DONE);
    expect(calls.sort()).toEqual(["ids 1 2", "source db.list"]);
    expect(reports).toEqual([
      { source: "changes", records: 3, ids: 2, sources: 1, notUnderstood: 0, failures: 0, lagMs: 3_000 },
    ]);
  });

  test("reads DynamoDB's records, and those of a pipe", async () => {
    const { publisher, calls } = recordingPublisher();
    const { handler, reports } = relayTo(publisher, fromDynamoDb({ products: { byKey: { "db.items": "pk" } } }));
    const record = (pk: string) => ({
      eventName: "MODIFY",
      eventSource: "aws:dynamodb",
      dynamodb: { Keys: { pk: { S: pk } }, SequenceNumber: pk, ApproximateCreationDateTime: NOW_MS / 1_000 - 60 },
      eventSourceARN: "arn:aws:dynamodb:eu-west-1:123456789012:table/products/stream/2026-01-01T00:00:00.000",
    });
    await handler({ Records: [record("a")] });
    await handler([record("b")]);
    const [{ kinesis: item, ...shared } = { kinesis: {} }] = kinesis(JSON.stringify(record("c"))).Records as {
      kinesis: object;
    }[];
    await handler([{ ...shared, ...item }]);
    expect(calls).toEqual(["ids a", "ids b", "ids c"]);
    expect(reports.map(({ source, lagMs }) => [source, lagMs])).toEqual([
      ["products", 60_000],
      ["products", 60_000],
      ["changes", 1_000],
    ]);
  });

  test("publishes nothing where nothing has changed", async () => {
    const { publisher, calls } = recordingPublisher();
    const { handler, reports } = relayTo(publisher, () => ({}));
    expect(await handler(kinesis("{}"))).toEqual(DONE);
    expect(await handler({ Records: [] })).toEqual(DONE);
    expect(calls).toEqual([]);
    expect(reports[1]).toMatchObject({ records: 0, ids: 0, lagMs: undefined, source: undefined });
  });

  test("names no id of a source that goes as a whole", async () => {
    const { publisher, calls } = recordingPublisher();
    const { handler } = relayTo(publisher);
    await handler(kinesis(dms(1), dms(2, "update"), dms(3)));
    expect(calls.sort()).toEqual(["source db.items", "source db.list"]);
  });

  test("uses one publication for all of it where the publisher is one of scache's", async () => {
    const said: Changed[] = [];
    const publisher = {
      ...recordingPublisher().publisher,
      [PUBLISH_CHANGED]: async (changed: Changed) => said.push(changed),
    };
    const { handler } = relayTo(publisher);
    await handler(kinesis(dms(1), dms(2)));
    expect(said).toEqual([{ keys: [key("1"), key("2")], sources: ["db.list"], all: false }]);
  });

  test("writes to a stream what every environment reads", async () => {
    const clock = new ManualClock();
    const written: string[] = [];
    const stream = new MemoryStream({ clock, onWrite: ({ data }) => written.push(new TextDecoder().decode(data)) });
    const { handler } = relayTo(testPublisher(stream));
    expect(await handler(kinesis(dms(1)))).toEqual(DONE);
    expect(written.join()).toMatch(/id=1&s=db.items.*db\.list/);
  });

  test("has room for more ids than a call takes arguments", async () => {
    const { publisher, calls } = recordingPublisher();
    const ids = Array.from({ length: 150_000 }, (_, index) => dataId("s", String(index)));
    const { handler } = relayTo(publisher, () => ({ ids }));
    expect(await handler(kinesis("{}"))).toEqual(DONE);
    expect(calls.flatMap((call) => call.split(" ").slice(1))).toHaveLength(ids.length);
  });
});

describe("a record that is not understood", () => {
  test("has everything published, is counted, and told of once", async () => {
    const { publisher, calls } = recordingPublisher();
    const { handler, reports, warnings } = relayTo(publisher);
    expect(await handler(kinesis(dms(1), "no JSON", dms(2), Uint8Array.of(255)))).toEqual(DONE);
    await handler(kinesis("no JSON either"));
    expect(calls).toEqual(["all", "all"]);
    expect(reports.map(({ notUnderstood, ids }) => [notUnderstood, ids])).toEqual([
      [2, 0],
      [1, 0],
    ]);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^record 2 was not understood, so everything was invalidated: scache: expected a DMS record/,
      ),
    ]);
  });

  test.each([
    ["its service", { eventSource: "aws:sqs", messageId: "1", body: "{}" }, "a record without a number, of aws:sqs,"],
    ["nothing where there is none", { body: "{}" }, "a record without a number"],
    ["nothing of what could be anything", { eventSource: "secret text" }, "a record without a number"],
  ])("that has no number is called by %s", async (_what, record, name) => {
    const { handler, warnings } = relayTo(recordingPublisher().publisher);
    await handler({ Records: [record] });
    expect(warnings.map((warning) => warning.split(" was not")[0])).toEqual([name]);
  });

  test("is not quoted by what is said of it, since only our own errors are known not to", async () => {
    const { handler, warnings } = relayTo(recordingPublisher().publisher, (data) => {
      throw new Error(`cannot read ${Buffer.from(data)}`);
    });
    await handler(kinesis("secret"));
    expect(warnings).toEqual([expect.stringMatching(/its decoder threw/)]);
    expect(warnings.join()).not.toContain("secret");
  });

  test.each([
    ["nothing in it", {}],
    ["no data", { kinesis: { sequenceNumber: "1" } }],
    ["no object", 5],
  ])("may have %s", async (_what, record) => {
    const { publisher, calls } = recordingPublisher();
    expect(await relayTo(publisher).handler({ Records: [record as object] })).toEqual(DONE);
    expect(calls).toEqual(["all"]);
  });

  test("is not an event that is none: whoever sent it is told", async () => {
    const { publisher, calls } = recordingPublisher();
    for (const event of [undefined, null, {}, { Records: "x" }, "x"]) {
      await expect(relayTo(publisher).handler(event as never)).rejects.toThrow(/Kinesis and DynamoDB stream events/);
    }
    expect(calls).toEqual([]);
  });
});

describe("a publication that fails", () => {
  test("has the batch given again from the first record whose news the log may lack", async () => {
    const { publisher } = recordingPublisher((call) =>
      call.startsWith("ids") ? failure({ ids: [key("3")] }) : undefined,
    );
    const { handler, reports, warnings } = relayTo(publisher);
    expect(await handler(kinesis(dms(1), dms(2), dms(3), dms(1)))).toEqual(from("3"));
    expect(reports).toMatchObject([{ records: 4, failures: 2 }]);
    expect(warnings).toEqual([expect.stringMatching(/given again: Error: Rate exceeded$/)]);
  });

  test("of a source concerns each record that named it, or an id of it", async () => {
    const { publisher } = recordingPublisher((call) =>
      call === "source db.list" ? failure({ sources: ["db.list"] }) : undefined,
    );
    const noList = JSON.stringify({ data: {}, metadata: { "record-type": "control", "table-name": "awsdms_x" } });
    expect(await relayTo(publisher).handler(kinesis(noList, dms(1)))).toEqual(from("2"));
    const whole = recordingPublisher((call) => (call === "source a" ? failure({ sources: ["a"] }) : undefined));
    const says = [{ ids: [dataId("b", "1")] }, { ids: [dataId("a", "1")] }, { sources: ["a"] }];
    const decode: RecordDecoder = (data) => says[Number(data[0]) - 48] ?? {};
    expect(await relayTo(whole.publisher, decode).handler(kinesis("0", "1", "2"))).toEqual(from("2"));
  });

  test("of everything concerns each record that said anything", async () => {
    const { publisher } = recordingPublisher(() => failure({ everything: true }));
    const said = ["nothing", "ids", "all"];
    const decode: RecordDecoder = (data) => {
      const word = said[Number(data[0]) - 48];
      if (word === "nothing") return {};
      return word === "ids" ? { ids: [dataId("a", "1")] } : { all: true };
    };
    expect(await relayTo(publisher, decode).handler(kinesis("0", "1", "2"))).toEqual(from("2"));
  });

  test.each([
    ["says nothing of what is lost", () => new Error("no such log")],
    ["names what no record said", () => failure({ ids: [key("99")] })],
    ["throws what is no error", () => "down"],
  ])("and %s has the whole batch given again", async (_what, reason) => {
    const { publisher } = recordingPublisher(reason);
    expect(await relayTo(publisher).handler(kinesis(dms(1), dms(2)))).toEqual(from("1"));
  });

  test.each([
    ["the ids it does not name, and the sources", failure({ ids: [key("3")] }), "ids", { ids: 2, sources: 1 }],
    ["the ids, but not a source it names", failure({ sources: ["db.list"] }), "source", { ids: 3, sources: 0 }],
    ["no id of a source it names", failure({ sources: ["db.items"] }), "ids", { ids: 0, sources: 1 }],
    ["nothing where it may have lost all", new Error("down"), "ids", { ids: 0, sources: 0 }],
    ["nothing where it names nothing that was said", failure({ ids: [key("99")] }), "ids", { ids: 0, sources: 0 }],
    ["nothing of what went as everything", new InvalidDataIdError("a source", "x"), "ids", { ids: 0, sources: 0 }],
  ])("is counted as having published %s", async (_what, reason, call, published) => {
    const { publisher } = recordingPublisher((each) => (each.startsWith(call) ? reason : undefined));
    const { handler, reports } = relayTo(publisher);
    await handler(kinesis(dms(1), dms(2), dms(3)));
    expect(reports).toMatchObject([{ records: 3, ...published }]);
  });

  test("at once, before a promise, is no other", async () => {
    const { publisher } = recordingPublisher();
    const throwing = {
      ...publisher,
      invalidate: () => {
        throw new Error("at once");
      },
    };
    expect(await relayTo(throwing).handler(kinesis(dms(1)))).toEqual(from("1"));
  });

  test("does not put ids into the log", async () => {
    const { publisher } = recordingPublisher(() => failure({ ids: [key("secret")] }));
    const { handler, warnings } = relayTo(publisher);
    await handler(kinesis(dms("secret")));
    expect(warnings.join()).not.toContain("secret");
  });

  test("for ever, since an id is too long for any record, is published as everything", async () => {
    const clock = new ManualClock();
    const written: string[] = [];
    const stream = new MemoryStream({ clock, onWrite: ({ data }) => written.push(new TextDecoder().decode(data)) });
    const decode: RecordDecoder = () => ({ ids: [dataId("s", "x".repeat(1_100_000))] });
    const { handler, warnings } = relayTo(testPublisher(stream), decode);
    expect(await handler(kinesis("{}"))).toEqual(DONE);
    expect(written).toEqual([expect.stringContaining('"all":true')]);
    expect(warnings).toEqual([expect.stringMatching(/cannot be written to the log/)]);
  });

  test("for ever, since a source is no text, is published as everything, and given again if that fails, too", async () => {
    const hopeless = (call: string) =>
      call.startsWith("source") ? new InvalidDataIdError("a source", "x") : undefined;
    const decode: RecordDecoder = () => ({ sources: ["\ud800"] });
    const good = recordingPublisher(hopeless);
    expect(await relayTo(good.publisher, decode).handler(kinesis("{}"))).toEqual(DONE);
    expect(good.calls.at(-1)).toBe("all");
    const bad = recordingPublisher((call) => hopeless(call) ?? new Error("down"));
    expect(await relayTo(bad.publisher, decode).handler(kinesis("{}"))).toEqual(from("1"));
  });

  test("whatever fails, what is not reported is in the log", async () => {
    const records = fc.array(
      fc.record({ ids: fc.array(fc.nat(5)), sources: fc.array(fc.constantFrom("a", "b")), all: fc.nat(9) }),
      { minLength: 1 },
    );
    await fc.assert(
      fc.asyncProperty(
        records,
        fc.array(fc.constantFrom("ids", "source a", "source b", "all")),
        fc.boolean(),
        async (said, failing, saysWhat) => {
          const held = { ids: new Set<string>(), sources: new Set<string>(), all: false };
          const { publisher } = recordingPublisher((call) => {
            const [kind = "", ...names] = call.split(" ");
            const fails = failing.some((each) => call.startsWith(each));
            if (fails && !saysWhat) return new Error("down");
            if (fails) {
              return failure({
                ids: kind === "ids" ? names.map((id) => key(id, "a")) : [],
                sources: kind === "source" ? names : [],
                everything: kind === "all",
              });
            }
            if (kind === "ids") for (const id of names) held.ids.add(id);
            else if (kind === "source") for (const source of names) held.sources.add(source);
            else held.all = true;
            return undefined;
          });
          const decode: RecordDecoder = (data) => {
            const { ids = [], sources = [], all } = said[Number(Buffer.from(data).toString())] ?? {};
            return { ids: ids.map((id) => dataId("a", String(id))), sources, all: all === 0 };
          };
          const { batchItemFailures } = await relayTo(publisher, decode).handler(
            kinesis(...said.map((_, index) => String(index))),
          );
          const done = said.slice(0, Number(batchItemFailures[0]?.itemIdentifier ?? said.length + 1) - 1);
          for (const { ids, sources, all } of done) {
            if (held.all) break;
            expect(all).not.toBe(0);
            for (const source of sources) expect(held.sources).toContain(source);
            for (const id of ids) if (!held.sources.has("a")) expect(held.ids).toContain(String(id));
          }
        },
      ),
    );
  });
});

describe("what it is made of", () => {
  const { publisher } = recordingPublisher();
  test.each([
    ["decode", () => relay("dms" as never, publisher)],
    ["decode", () => relay(undefined as never, publisher)],
    ["publisher", () => relay(fromDms(TABLES), undefined as never)],
    ["publisher", () => relay(fromDms(TABLES), { invalidate: publisher.invalidate } as never)],
  ])("is checked when it is made: %s", (option, make) => {
    expect(make).toThrow(InvalidOptionError);
    expect(make).toThrow(`option "${option}"`);
  });

  test("is a handler by AWS's types", async () => {
    const handler = relay(fromDms(TABLES), publisher);
    const typed: KinesisStreamHandler = handler;
    const answers: (event: DynamoDBStreamEvent | KinesisStreamEvent) => Promise<KinesisStreamBatchResponse> = handler;
    expect([typed, answers]).toEqual([handler, handler]);
  });

  test("takes any decoder of the option decode", async () => {
    const { publisher: other, calls } = recordingPublisher();
    const decode: RecordDecoder = (data) => ({ ids: [dataId("s", new TextDecoder().decode(data))] });
    await relayTo(other, decode).handler(kinesis("x", encodeRecord({ keys: [] }, 0)));
    expect(calls).toEqual([expect.stringMatching(/^ids x /)]);
  });
});
