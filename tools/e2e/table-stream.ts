/**
 * Changes rows past every cache, with the bare SDK, and tells of each as the table's stream would. The embedded DynamoDB has
 * no streams, so the event records are formed here, from what each write answers: operation, keys and both images, numbered in
 * the order of the writes. What it cannot show is how long the real stream takes.
 */
import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { type Emulator, REGION } from "../emulators/kinesis.js";
import { TABLE_NAME } from "../emulators/services.js";

type Item = Record<string, AttributeValue>;

/** One record of a DynamoDB event, as Lambda hands it to a function. */
export interface StreamRecord {
  readonly eventID: string;
  readonly eventName: "INSERT" | "MODIFY" | "REMOVE";
  readonly eventVersion: "1.1";
  readonly eventSource: "aws:dynamodb";
  readonly awsRegion: string;
  readonly eventSourceARN: string;
  readonly dynamodb: {
    readonly ApproximateCreationDateTime: number;
    readonly Keys: Item;
    readonly NewImage?: Item;
    readonly OldImage?: Item;
    readonly SequenceNumber: string;
    readonly SizeBytes: number;
    readonly StreamViewType: "NEW_AND_OLD_IMAGES";
  };
}

/** A row as it is now, and the records of what was done to it. */
export interface Changed {
  readonly userid: string;
  readonly version: number;
  readonly records: readonly StreamRecord[];
}

export class TableWriter {
  readonly #client: DynamoDBClient;
  #sequence = 1_000_000_000_000;

  constructor(dynamoDb: Emulator) {
    const { endpoint, region, credentials } = dynamoDb;
    this.#client = new DynamoDBClient({ endpoint, region, credentials });
  }

  /** As somebody does in the console. */
  async update(userid: string): Promise<Changed> {
    const { Attributes: before } = await this.#client.send(
      new UpdateItemCommand({
        TableName: TABLE_NAME,
        Key: keyOf(userid),
        UpdateExpression: "SET #n = :n ADD #v :one",
        ExpressionAttributeNames: { "#n": "name", "#v": "version" },
        ExpressionAttributeValues: { ":n": { S: "changed by hand" }, ":one": { N: "1" } },
        ReturnValues: "ALL_OLD",
      }),
    );
    const version = versionOf(before) + 1;
    const after = { ...before, ...keyOf(userid), name: { S: "changed by hand" }, version: { N: String(version) } };
    return { userid, version, records: [this.#record(userid, before, after)] };
  }

  /** As a script does that loads rows anew. */
  async replace(userid: string): Promise<Changed> {
    const { Attributes: before } = await this.#client.send(
      new DeleteItemCommand({ TableName: TABLE_NAME, Key: keyOf(userid), ReturnValues: "ALL_OLD" }),
    );
    const version = versionOf(before) + 1;
    const after = {
      ...keyOf(userid),
      name: { S: "loaded anew" },
      email: { S: "ann@example.com" },
      version: { N: String(version) },
    };
    await this.#client.send(new PutItemCommand({ TableName: TABLE_NAME, Item: after }));
    const removal = before === undefined ? [] : [this.#record(userid, before, undefined)];
    return { userid, version, records: [...removal, this.#record(userid, undefined, after)] };
  }

  close(): void {
    this.#client.destroy();
  }

  #record(userid: string, before: Item | undefined, after: Item | undefined): StreamRecord {
    this.#sequence += 1;
    return {
      eventID: String(this.#sequence),
      eventName: before === undefined ? "INSERT" : after === undefined ? "REMOVE" : "MODIFY",
      eventVersion: "1.1",
      eventSource: "aws:dynamodb",
      awsRegion: REGION,
      eventSourceARN: `arn:aws:dynamodb:${REGION}:000000000000:table/${TABLE_NAME}/stream/2026-11-28T00:00:00.000`,
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(Date.now() / 1_000),
        Keys: keyOf(userid),
        ...(after === undefined ? {} : { NewImage: after }),
        ...(before === undefined ? {} : { OldImage: before }),
        SequenceNumber: String(this.#sequence),
        SizeBytes: 100,
        StreamViewType: "NEW_AND_OLD_IMAGES",
      },
    };
  }
}

function keyOf(userid: string): Item {
  return { userid: { S: userid } };
}

function versionOf(item: Item | undefined): number {
  return Number(item?.version?.N ?? 0);
}
