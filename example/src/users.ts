/**
 * The users of the example, in DynamoDB: what a user is, how one is read and how one is written.
 * Every read is consistent: a read from a lagging replica just after an invalidation would put the old row back into
 * the cache. This file knows nothing of the cache; it is the source that the cache spares.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";

export interface User {
  readonly userid: string;
  readonly name: string;
  readonly email: string;
  /** Counts the writes to this user; DynamoDB adds one at each, so two writers never count the same write twice. */
  readonly version: number;
}

export type UserDetails = Pick<User, "name" | "email">;

export interface Users {
  /** The user as it is now, or `null` when there is none. */
  find(userid: string): Promise<User | null>;
  /** Creates or changes a user and returns it as written. */
  save(userid: string, details: UserDetails): Promise<User>;
}

export function createUsers(tableName: string): Users {
  const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  return {
    async find(userid) {
      const answer = await table.send(new GetCommand({ TableName: tableName, Key: { userid }, ConsistentRead: true }));
      return answer.Item === undefined ? null : toUser(answer.Item);
    },
    async save(userid, { name, email }) {
      const answer = await table.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { userid },
          UpdateExpression: "SET #name = :name, #email = :email ADD #version :one",
          ExpressionAttributeNames: { "#name": "name", "#email": "email", "#version": "version" },
          ExpressionAttributeValues: { ":name": name, ":email": email, ":one": 1 },
          ReturnValues: "ALL_NEW",
        }),
      );
      return toUser(answer.Attributes ?? {});
    },
  };
}

function toUser(item: Record<string, unknown>): User {
  const { userid, name, email, version } = item;
  return { userid: String(userid), name: String(name), email: String(email), version: Number(version) };
}
