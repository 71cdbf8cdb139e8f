/**
 * How the four calls are written and read as JSON without the SDK: only the fields that the port uses. Held equal to what
 * the SDK writes by tests.
 */
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorInput,
  ListShardsCommand,
  type ListShardsInput,
  PutRecordsCommand,
  type PutRecordsInput,
} from "@aws-sdk/client-kinesis";
import type { Operation, Operations } from "../aws/json-rpc.js";

interface Page {
  readonly Records?: readonly JsonRecord[];
}

interface JsonRecord {
  readonly Data?: string;
  readonly SequenceNumber?: string;
  readonly ApproximateArrivalTimestamp?: number;
}

const listShards: Operation = {
  name: "ListShards",
  routedBy: "StreamARN",
  encode({ ShardFilter: filter, ...input }: ListShardsInput) {
    return { ...input, ShardFilter: filter && { ...filter, Timestamp: toSeconds(filter.Timestamp) } };
  },
  decode: asItIs,
};

const getShardIterator: Operation = {
  name: "GetShardIterator",
  routedBy: "StreamARN",
  encode: ({ Timestamp, ...input }: GetShardIteratorInput) => ({ ...input, Timestamp: toSeconds(Timestamp) }),
  decode: asItIs,
};

const getRecords: Operation = {
  name: "GetRecords",
  routedBy: "StreamARN",
  encode: asItIs,
  decode({ Records, ...answer }: Page) {
    return { ...answer, Records: Records?.map(toRecord) };
  },
};

const putRecords: Operation = {
  name: "PutRecords",
  routedBy: "StreamARN",
  encode({ Records, ...input }: PutRecordsInput) {
    return { ...input, Records: Records?.map(({ Data, ...record }) => ({ ...record, Data: toBase64(Data) })) };
  },
  decode: asItIs,
};

export const OPERATIONS: Operations = new Map<unknown, Operation>([
  [ListShardsCommand, listShards],
  [GetShardIteratorCommand, getShardIterator],
  [GetRecordsCommand, getRecords],
  [PutRecordsCommand, putRecords],
]);

function toRecord({ Data = "", ApproximateArrivalTimestamp: seconds, ...record }: JsonRecord): object {
  return { ...record, Data: Buffer.from(Data, "base64"), ApproximateArrivalTimestamp: toDate(seconds) };
}

function toDate(seconds: number | undefined): Date | undefined {
  if (seconds === undefined) return undefined;
  if (!Number.isFinite(seconds)) throw new TypeError("a time is a number of seconds");
  return new Date(seconds * 1_000);
}

function asItIs(value: object): object {
  return value;
}

function toSeconds(time: Date | undefined): number | undefined {
  return time && time.getTime() / 1_000;
}

function toBase64(bytes: Uint8Array = new Uint8Array()): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
