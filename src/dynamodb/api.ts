/**
 * The port to DynamoDB over the AWS SDK: one SDK call for one call of the port, and answers and errors put into its words.
 * Expressions use short names only: longer ones that come to mind are reserved words. It decides nothing.
 */
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandOutput,
  QueryCommand,
  type QueryCommandOutput,
  UpdateItemCommand,
  type UpdateItemCommandOutput,
} from "@aws-sdk/client-dynamodb";
import { answerTo } from "../aws/answer.js";
import type { Use } from "../aws/failures.js";
import { failureOf, isConditionFailure, isItemTooLarge } from "./failures.js";
import { headKey, type Item, list, number, segmentsKey, text, toHead, toSegment } from "./items.js";
import {
  HEAD_VERSION,
  type Head,
  type Segment,
  type SegmentsPage,
  type TableApi,
  type UnreadableHead,
} from "./table-api.js";
import type { TableRef } from "./table-ref.js";

/** Segments of one page at most: some 200 KB of ordinary ones, which is what one reading may cost. */
const PAGE_SEGMENTS = 128;

const APPEND = "SET r = list_append(if_not_exists(r, :e), :n), b = if_not_exists(b, :z), i = if_not_exists(i, :i)";
/** A later version may need something of whoever trims or resets a head; whoever appends need not know. */
const IS_OURS = "i = :i AND (attribute_not_exists(v) OR v = :v)";

const EMPTY = list([]);
const OURS = number(HEAD_VERSION);

export function createTableApi(client: DynamoDBClient, { log, ...table }: TableRef): TableApi {
  const TableName = table.arn ?? table.name;
  const Key = headKey(log);

  /**
   * @param read makes of an answer what the port calls for
   * @param expected makes the same of an error that is none to the protocol: a condition that does not hold
   * @throws LogFailure
   */
  function send<Output extends object, Answer>(
    call: () => Promise<Output>,
    read: (output: Output) => Answer,
    use: Use,
    expected: (error: unknown) => Answer | undefined = () => undefined,
  ): Promise<Answer> {
    return answerTo(call, read, (error) => {
      const answer = expected(error);
      if (answer === undefined) throw failureOf(error, use, log);
      return answer;
    });
  }

  const get = (key: Record<string, AttributeValue>, isStrong: boolean, abortSignal: AbortSignal) =>
    client.send(new GetItemCommand({ TableName, Key: key, ConsistentRead: isStrong }), { abortSignal });

  /** Answers with the whole item: that costs nothing, and tells the version too. */
  const update = (
    UpdateExpression: string,
    ExpressionAttributeValues: Record<string, AttributeValue>,
    abortSignal: AbortSignal,
    ConditionExpression?: string,
  ) =>
    client.send(
      new UpdateItemCommand({
        TableName,
        Key,
        UpdateExpression,
        ExpressionAttributeValues,
        ConditionExpression,
        ReturnValues: "ALL_NEW",
      }),
      { abortSignal },
    );

  return {
    getHead: (consistency, signal) =>
      send(
        () => get(Key, consistency === "strong", signal),
        ({ Item }) => Item && toHead(Item),
        "read",
      ),

    append(records, incarnation, signal) {
      const values = { ":e": EMPTY, ":n": list(records), ":z": number(0), ":i": text(incarnation) };
      return send<UpdateItemCommandOutput, Head | UnreadableHead | "full">(
        () => update(APPEND, values, signal),
        ({ Attributes = {} }) => toHead(Attributes),
        "publish",
        (error) => (isItemTooLarge(error) ? "full" : undefined),
      );
    },

    querySegments({ incarnation, from, before }, signal) {
      const command = new QueryCommand({
        TableName,
        KeyConditionExpression: "pk = :p AND sk BETWEEN :a AND :b",
        ExpressionAttributeValues: {
          ":p": segmentsKey(log, incarnation),
          ":a": number(from),
          ":b": number(before - 1),
        },
        ConsistentRead: true,
        Limit: PAGE_SEGMENTS,
      });
      return send(
        () => client.send(command, { abortSignal: signal }),
        (output) => toPage(output, before),
        "read",
      );
    },

    getSegment: (incarnation, first, signal) =>
      send(
        () => get({ pk: segmentsKey(log, incarnation), sk: number(first) }, true, signal),
        ({ Item }) => Item && toSegment(Item),
        "publish",
      ),

    putSegment(incarnation, { first, records }, expiresAtMs, signal) {
      const command = new PutItemCommand({
        TableName,
        Item: {
          pk: segmentsKey(log, incarnation),
          sk: number(first),
          r: list(records),
          ttl: number(Math.floor(expiresAtMs / 1_000)),
        },
        ConditionExpression: "attribute_not_exists(pk)",
      });
      return send<PutItemCommandOutput, "put" | "exists">(
        () => client.send(command, { abortSignal: signal }),
        () => "put",
        "publish",
        unless("exists"),
      );
    },

    trim({ incarnation, first }, count, signal) {
      // The last first: an emulator that removes one after another then removes the same ones as the service.
      const paths = Array.from({ length: count }, (_, index) => `r[${count - 1 - index}]`);
      const values = { ":i": text(incarnation), ":b": number(first), ":k": number(count), ":v": OURS };
      const expression = `REMOVE ${paths.join(", ")} SET b = b + :k`;
      return send<UpdateItemCommandOutput, Head | UnreadableHead | "changed">(
        () => update(expression, values, signal, `b = :b AND ${IS_OURS}`),
        ({ Attributes = {} }) => toHead(Attributes),
        "publish",
        unless("changed"),
      );
    },

    reset(seen, fresh, signal) {
      const values = { ":e": EMPTY, ":z": number(0), ":f": text(fresh), ":i": text(seen), ":v": OURS };
      return send<UpdateItemCommandOutput, "reset" | "changed">(
        () => update("SET r = :e, b = :z, i = :f", values, signal, IS_OURS),
        () => "reset",
        "publish",
        unless("changed"),
      );
    },
  };
}

/** What it means that a condition did not hold. */
function unless<Answer>(answer: Answer): (error: unknown) => Answer | undefined {
  return (error) => (isConditionFailure(error) ? answer : undefined);
}

/** A page that is full says that there may be more, even where it ends with the last that was asked for. */
function toPage({ Items = [], LastEvaluatedKey }: QueryCommandOutput, before: number): SegmentsPage {
  const last = LastEvaluatedKey?.sk?.N;
  const next = last === undefined ? before : Number(last) + 1;
  // DynamoDB refuses to look for what lies between a number and a smaller one.
  return { segments: Items.flatMap(asSegment), next: next < before ? next : undefined };
}

function asSegment(item: Item): readonly Segment[] {
  const segment = toSegment(item);
  return segment === undefined ? [] : [segment];
}
