/**
 * AWS's signature, version 4, for a POST to a service's root, which is all that AWS JSON needs. The SDK's signer does the
 * same at five times the cost, most of it for what such a request never has; tests hold both equal.
 */
import { createHash, createHmac } from "node:crypto";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** What a signature is made for. */
export interface SigningScope {
  readonly region: string;
  readonly service: string;
}

export type Headers = Readonly<Record<string, string>>;

/** The headers of a request, by their names in lower case, and its body; returns the headers with the signature's. */
export type Sign = (headers: Headers, body: string, credentials: Credentials, date: Date) => Headers;

/** Proxies may change it on the way. */
const NOT_SIGNED = new Set(["user-agent"]);
const ALGORITHM = "AWS4-HMAC-SHA256";

export function createSigner({ region, service }: SigningScope): Sign {
  /** Good for one secret and one day. */
  let key: { secret: string; day: string; bytes: Buffer } = { secret: "", day: "", bytes: Buffer.alloc(0) };

  function keyOf(secret: string, day: string): Buffer {
    if (key.secret !== secret || key.day !== day) {
      const bytes = [day, region, service, "aws4_request"].reduce(hmac, Buffer.from(`AWS4${secret}`));
      key = { secret, day, bytes };
    }
    return key.bytes;
  }

  return (headers, body, { accessKeyId, secretAccessKey, sessionToken }, date) => {
    const time = date.toISOString().replace(/[-:]|\.\d+/g, "");
    const all: Record<string, string> = { ...headers, "x-amz-date": time };
    if (sessionToken) all["x-amz-security-token"] = sessionToken;
    const names = Object.keys(all)
      .filter((name) => !NOT_SIGNED.has(name))
      .sort();
    const signedNames = names.join(";");
    const lines = names.map((name) => `${name}:${canonical(all[name])}\n`).join("");
    const request = `POST\n/\n\n${lines}\n${signedNames}\n${sha256(body)}`;
    const day = time.slice(0, 8);
    const scope = `${day}/${region}/${service}/aws4_request`;
    const text = `${ALGORITHM}\n${time}\n${scope}\n${sha256(request)}`;
    const signature = createHmac("sha256", keyOf(secretAccessKey, day)).update(text).digest("hex");
    all.authorization = `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${signedNames}, Signature=${signature}`;
    return all;
  };
}

function canonical(value = ""): string {
  return value.trim().replace(/\s+/g, " ");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
