/** Records that no reader of invalidations can understand, by what they are. */
import { gzipSync } from "node:zlib";
import { recordOf } from "./stage.js";

const KPL_MAGIC = [0xf3, 0x89, 0x9a, 0xc2];

export const GARBAGE: Readonly<Record<string, Uint8Array>> = {
  "not JSON": Buffer.from("this is not JSON"),
  "cut off": Buffer.from(recordOf("1").slice(0, -5)),
  empty: Buffer.alloc(0),
  "compressed with gzip": gzipSync(recordOf("1")),
  "aggregated by the Kinesis Producer Library": Buffer.from([...KPL_MAGIC, 0x0a, 0x01, 0x31, 0x1a, 0x04, 8, 0, 26, 0]),
  "not UTF-8": Buffer.from([0xff, 0xfe, 0x7b, 0x7d]),
  "as large as a record may be": Buffer.alloc(1024 * 1024 - 256, 0x20),
  "of a later version": Buffer.from(JSON.stringify({ v: 2, keys: [] })),
  "with a key that is no data id": Buffer.from(JSON.stringify({ keys: ["users/1"], ts: "2026-01-01T00:00:00Z" })),
  "with keys that are no list": Buffer.from(JSON.stringify({ keys: "id=1&s=a&t=data.ID" })),
};
