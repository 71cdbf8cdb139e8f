/**
 * A call to an AWS JSON service as cheap as Node makes it: one kept connection, a signature of six headers, no library. What a
 * client of the same call takes beyond that is its own.
 */

import { createHash, createHmac } from "node:crypto";
import { Agent, request } from "node:http";

export interface HandMadeCalls {
  /** @param target as the header `X-Amz-Target` names the operation */
  call(target: string, input: object): Promise<unknown>;
  close(): void;
}

const REGION = "eu-west-1";
const KEY_ID = "stub";
const SECRET = "stub";

export function handMadeCalls(endpoint: string, service: string): HandMadeCalls {
  const { hostname, port, host } = new URL(endpoint);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const keys = new Map<string, Buffer>();
  const keyOf = (day: string) => {
    const known = keys.get(day);
    if (known !== undefined) return known;
    const made = [day, REGION, service, "aws4_request"].reduce(
      (key, part) => createHmac("sha256", key).update(part).digest(),
      Buffer.from(`AWS4${SECRET}`),
    );
    keys.set(day, made);
    return made;
  };

  function signed(target: string, body: string): Record<string, string> {
    const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
    const day = time.slice(0, 8);
    const headers = { "content-type": "application/x-amz-json-1.1", host, "x-amz-date": time, "x-amz-target": target };
    const names = Object.keys(headers).join(";");
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    const scope = `${day}/${REGION}/${service}/aws4_request`;
    const asked = sha256(`POST\n/\n\n${lines.join("")}\n${names}\n${sha256(body)}`);
    const signature = createHmac("sha256", keyOf(day)).update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${asked}`);
    const authorization = `AWS4-HMAC-SHA256 Credential=${KEY_ID}/${scope}, SignedHeaders=${names}, Signature=${signature.digest("hex")}`;
    return { ...headers, authorization, "content-length": String(Buffer.byteLength(body)) };
  }

  return {
    call(target, input) {
      const body = JSON.stringify(input);
      return new Promise((resolve, reject) => {
        const sent = request({ agent, hostname, port, method: "POST", headers: signed(target, body) }, (answer) => {
          let text = "";
          answer.setEncoding("utf8");
          answer.on("data", (part: string) => {
            text += part;
          });
          answer.on("end", () => resolve(JSON.parse(text)));
        });
        sent.on("error", reject);
        sent.end(body);
      });
    },
    close: () => agent.destroy(),
  };
}
