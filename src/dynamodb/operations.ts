/**
 * How the one call of every refresh is written and read as JSON without the SDK; all others go through it. Held equal to what
 * the SDK makes of it by tests.
 */
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import type { Operation, Operations } from "../aws/json-rpc.js";

/** An attribute as JSON has it: bytes are base64. */
interface JsonAttribute {
  readonly B?: string;
  readonly BS?: readonly string[];
  readonly L?: readonly JsonAttribute[];
  readonly M?: JsonItem;
}

type JsonItem = Readonly<Record<string, JsonAttribute>>;

const getItem: Operation = {
  name: "GetItem",
  // A table's ARN may decide where the call goes.
  routedBy: "TableName",
  // Keys are text and numbers, which stand as they are.
  encode: (input) => input,
  decode({ Item, ...answer }: { readonly Item?: JsonItem }) {
    return { ...answer, Item: Item && toItem(Item) };
  },
};

export const OPERATIONS: Operations = new Map([[GetItemCommand, getItem]]);

function toItem(item: JsonItem): object {
  return Object.fromEntries(Object.entries(item).map(([name, attribute]) => [name, toAttribute(attribute)]));
}

function toAttribute(attribute: JsonAttribute): object {
  const { B, BS, L, M } = attribute;
  if (B !== undefined) return { B: Buffer.from(B, "base64") };
  if (L !== undefined) return { L: L.map(toAttribute) };
  if (M !== undefined) return { M: toItem(M) };
  return BS === undefined ? attribute : { BS: BS.map((bytes) => Buffer.from(bytes, "base64")) };
}
