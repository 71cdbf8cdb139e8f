/**
 * Makes an iterator of the embedded Kinesis old without the wait: it seals them with a key that is published, and tells
 * their age by what is inside.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Body } from "../../tools/proxy.js";

const KEY = Buffer.from("1133a5a833666b49abf28c8ba302930f0b2fb240dccd43cf4dfbc0ca91f17751", "hex");
const IV = Buffer.from("7bf139dbabbea2d9995d6fcae1dff7da", "hex");
const PREFIX_BYTES = 8;
const TOO_OLD_MS = 301_000;

/** The same iterator, as if it had been handed out more than five minutes ago. */
export function expiredIterator(iterator: string): string {
  const sealed = Buffer.from(iterator, "base64");
  const decipher = createDecipheriv("aes-256-cbc", KEY, IV);
  const opened = Buffer.concat([decipher.update(sealed.subarray(PREFIX_BYTES)), decipher.final()]).toString();
  const [, ...rest] = opened.split("/");
  const cipher = createCipheriv("aes-256-cbc", KEY, IV);
  const body = Buffer.concat([cipher.update([Date.now() - TOO_OLD_MS, ...rest].join("/")), cipher.final()]);
  return Buffer.concat([sealed.subarray(0, PREFIX_BYTES), body]).toString("base64");
}

/** A GetRecords request with such an iterator. */
export function withExpiredIterator(request: Body): Body {
  return { ...request, ShardIterator: expiredIterator(String(request.ShardIterator)) };
}
