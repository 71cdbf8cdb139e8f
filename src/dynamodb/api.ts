/**
 * The port to DynamoDB over the AWS SDK: one SDK call for one call of the port, and answers and errors put into its words.
 * Expressions use short names only: longer ones that come to mind are reserved words. It decides nothing.
 */
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { isConditionFailure, isItemTooLarge, toLogFailure } from "./failures.js";
import { headKey, type Item, list, number, segmentsKey, text, toHead, toSegment } from "./items.js";
import { HEAD_VERSION, type Segment, type TableApi } from "./table-api.js";
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

  /** One call. @throws LogFailure */
  async function sent<Output>(call: () => Promise<Output>): Promise<Output> {
    try {
      return await call();
    } catch (error) {
      throw toLogFailure(error, log);
    }
  }

  /** One call whose condition may not hold: then undefined. @throws LogFailure */
  async function conditional<Output>(call: () => Promise<Output>): Promise<Output | undefined> {
    try {
      return await call();
    } catch (error) {
      if (isConditionFailure(error)) return undefined;
      throw toLogFailure(error, log);
    }
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
    async getHead(consistency, signal) {
      const { Item } = await sent(() => get(Key, consistency === "strong", signal));
      return Item && toHead(Item);
    },

    async append(records, incarnation, signal) {
      const values = { ":e": EMPTY, ":n": list(records), ":z": number(0), ":i": text(incarnation) };
      try {
        const { Attributes = {} } = await update(APPEND, values, signal);
        return toHead(Attributes);
      } catch (error) {
        if (isItemTooLarge(error)) return "full";
        throw toLogFailure(error, log);
      }
    },

    async querySegments({ incarnation, from, before }, signal) {
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
      const { Items = [], LastEvaluatedKey } = await sent(() => client.send(command, { abortSignal: signal }));
      const last = LastEvaluatedKey?.sk?.N;
      return { segments: Items.flatMap(asSegment), next: last === undefined ? undefined : Number(last) + 1 };
    },

    async getSegment(incarnation, first, signal) {
      const key = { pk: segmentsKey(log, incarnation), sk: number(first) };
      const { Item } = await sent(() => get(key, true, signal));
      return Item && toSegment(Item);
    },

    async putSegment(incarnation, { first, records }, expiresAtMs, signal) {
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
      const answer = await conditional(() => client.send(command, { abortSignal: signal }));
      return answer ? "put" : "exists";
    },

    async trim({ incarnation, first }, count, signal) {
      // The last first: an emulator that removes one after another then removes the same ones as the service.
      const paths = Array.from({ length: count }, (_, index) => `r[${count - 1 - index}]`);
      const values = { ":i": text(incarnation), ":b": number(first), ":k": number(count), ":v": OURS };
      const expression = `REMOVE ${paths.join(", ")} SET b = b + :k`;
      const answer = await conditional(() => update(expression, values, signal, `b = :b AND ${IS_OURS}`));
      return answer ? toHead(answer.Attributes ?? {}) : "changed";
    },

    async reset(seen, fresh, signal) {
      const values = { ":e": EMPTY, ":z": number(0), ":f": text(fresh), ":i": text(seen), ":v": OURS };
      const answer = await conditional(() => update("SET r = :e, b = :z, i = :f", values, signal, IS_OURS));
      return answer ? "reset" : "changed";
    },
  };
}

function asSegment(item: Item): readonly Segment[] {
  const segment = toSegment(item);
  return segment === undefined ? [] : [segment];
}
