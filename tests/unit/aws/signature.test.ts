/** Our signatures are those of the SDK's own signer, whatever is signed. */
import { createHash } from "node:crypto";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Credentials, createSigner, type Headers } from "../../../src/aws/signature.js";

const word = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
const secret = fc.stringMatching(/^[A-Za-z0-9+/]{1,40}$/);
// Header values as HTTP allows them, spaces within and around.
const value = fc.stringMatching(/^[ -~\t]{0,40}$/);
const headerName = word.filter(
  (name) => !/^(proxy|sec)-|^(connection|expect|from|pragma|referer|te|trailer|upgrade)$/.test(name),
);
const headers = fc.dictionary(headerName, value).map((more) => ({ ...more, host: "kinesis.example" }));
const body = fc.string({ unit: "grapheme", maxLength: 300 });
const date = fc.date({ min: new Date("2000-01-01"), max: new Date("2099-12-31"), noInvalidDate: true });
const credentials = fc.record(
  { accessKeyId: secret, secretAccessKey: secret, sessionToken: secret },
  { requiredKeys: ["accessKeyId", "secretAccessKey"] },
);

interface SdkSigner {
  sign(request: object, options: object): Promise<{ readonly headers: Headers }>;
}

async function bySdk(
  credentials: Credentials,
  scope: readonly [string, string],
  headers: Headers,
  body: string,
  date: Date,
) {
  const config = new KinesisClient({ region: "none", credentials: { ...credentials } as never }).config as unknown as {
    signer(scheme: object): Promise<SdkSigner>;
  };
  const [signingRegion, signingName] = scope;
  const signer = await config.signer({ name: "sigv4", signingRegion, signingName, properties: {} });
  const request = {
    method: "POST",
    protocol: "https:",
    hostname: "kinesis.example",
    path: "/",
    query: {},
    headers,
    body,
  };
  return (await signer.sign(request, { signingDate: date })).headers;
}

/** The SDK's signer adds this header where it is missing. No service that speaks AWS JSON needs it. */
function withHash(headers: Headers, body: string): Headers {
  return { ...headers, "x-amz-content-sha256": createHash("sha256").update(body).digest("hex") };
}

test("our signature is the SDK's", async () => {
  const scope = fc.tuple(word, word);
  await fc.assert(
    fc.asyncProperty(credentials, scope, headers, body, date, async (keys, [region, service], sent, text, at) => {
      const given = withHash(sent, text);
      const ours = createSigner({ region, service })(given, text, keys, at);
      expect(ours).toEqual(await bySdk(keys, [region, service], given, text, at));
    }),
    { numRuns: 300 },
  );
});

test("one signer signs day after day, and with other credentials when they change", async () => {
  const sign = createSigner({ region: "eu-west-1", service: "kinesis" });
  const given = withHash({ host: "kinesis.example", "user-agent": "ours" }, "{}");
  const calls = fc.tuple(
    fc.array(credentials, { minLength: 1, maxLength: 2 }),
    fc.array(date, { minLength: 2, maxLength: 3 }),
  );
  await fc.assert(
    fc.asyncProperty(calls, async ([keys, dates]) => {
      for (const key of keys) {
        for (const at of dates) {
          const expected = await bySdk(key, ["eu-west-1", "kinesis"], given, "{}", at);
          expect(sign(given, "{}", key, at)).toEqual(expected);
        }
      }
    }),
    { numRuns: 30 },
  );
});
