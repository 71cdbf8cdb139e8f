/**
 * The example's reading route between two other middlewares, and streamed: a function in which any hook can be told, by
 * the event, to end the invocation in its own way. `outer` is used before `scache`, `inner` after it.
 */
import { Readable, type Writable } from "node:stream";
import middy from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { executionModeStreamifyResponse } from "middy7/StreamifyResponse";
import { type CacheContext, dataSource, scache } from "scache";
import { required } from "../../example/src/environment.js";
import { getUser } from "../../example/src/routes.js";
import { createUsers, type User } from "../../example/src/users.js";
import { watched } from "./left-behind.js";

/** What an invocation is told to do: `""` is an ordinary read. */
export type OddEvent = APIGatewayProxyEventV2 & { readonly odd?: string };
type Answer = APIGatewayProxyStructuredResultV2;
interface Request {
  readonly event: OddEvent;
}

const EARLY: Answer = { statusCode: 202, headers: { "x-early": "yes" }, body: "{}" };
/** Long enough for the answer to be given, also where the machine is busy. */
const EARLY_MS = 200;
/** When a handler that outlives its invocation goes on. */
const LATE_MS = 150;

function hooks(name: "outer" | "inner") {
  const hook = (when: string) => async (request: Request) => {
    const odd = request.event.odd ?? "";
    if (odd === `${name}.${when} throws`) throw new RangeError(odd);
    return odd === `${name}.${when} answers` ? EARLY : undefined;
  };
  return { before: hook("before"), after: hook("after"), onError: hook("onError") };
}

const whole = scache(required("STREAM_NAME"));
// Without its `after`, to see it noticed.
const cache = process.env.WITHOUT_AFTER === "1" ? { before: whole.before, onError: whole.onError } : whole;
const users = createUsers(required("TABLE_NAME"));
const userById = dataSource<User | null>("db.users.id");
const until = (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener("abort", resolve));
/** Keeps nothing busy: it is not what is looked for when later invocations end. */
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms).unref());

async function read(event: OddEvent, context: CacheContext, signal: AbortSignal): Promise<Answer> {
  const { odd = "" } = event;
  const answer = await getUser(event, context);
  if (odd === "handler throws" || odd.includes("onError")) throw new TypeError(odd);
  if (odd === "handler waits to be aborted") await until(signal);
  if (odd.startsWith("handler adds")) await addLate(event, context, signal);
  endProcess(odd);
  return { ...answer, headers: { ...answer.headers, "x-freshness": context.cache.freshness.state } };
}

/** Its value is loaded in time, and offered to the cache when later invocations have begun. */
async function addLate(event: OddEvent, context: CacheContext, signal: AbortSignal): Promise<void> {
  const id = userById(event.pathParameters?.userid ?? "");
  context.cache.get(id);
  const user = await users.find(event.pathParameters?.userid ?? "");
  await until(signal);
  await sleep(LATE_MS);
  process.stdout.write(`added late: ${context.cache.add(id, user)}\n`);
}

function endProcess(odd: string): void {
  if (odd === "process exits") process.exit(3);
  if (odd === "process throws") {
    setImmediate(() => {
      throw new Error("thrown where nobody catches");
    });
  }
  if (odd === "memory runs out") fillMemory();
  if (odd === "thread is blocked" || odd === "memory runs out") {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
}

/** Three times what the function has, and no more than that: whoever is to end it may be busy. */
function fillMemory(): void {
  const mb = 3 * Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE);
  for (const filled: Buffer[] = []; filled.length < mb / 8; ) filled.push(Buffer.alloc(8 << 20, 1));
}

const chain = middy<OddEvent, Answer>({ timeoutEarlyInMillis: EARLY_MS })
  .use(hooks("outer"))
  .use(cache)
  .use(hooks("inner"))
  .handler(async (event, context, options) => read(event, context, options?.signal ?? new AbortController().signal));

export const handler = async (event: OddEvent, context: Parameters<typeof chain>[1]) => {
  const { outcome, left } = await watched(() => chain(event, context), (event.odd ?? "") !== "");
  tell(left);
  if ("error" in outcome) throw outcome.error;
  return { ...outcome.result, headers: { ...outcome.result.headers, "x-left-running": left } };
};

type Streaming = (event: OddEvent, stream: Writable, context: Context) => Promise<void>;
declare const awslambda: { streamifyResponse(handler: Streaming): Streaming };

// Each major takes its own of the two options and knows nothing of the other.
const streamChain = middy<OddEvent, Omit<Answer, "body"> & { body?: unknown }>({
  ...{ streamifyResponse: true, executionMode: executionModeStreamifyResponse },
})
  .use(hooks("outer"))
  .use(cache)
  .use(hooks("inner"))
  .handler(async (event, context) => {
    const answer = await read(event, context, new AbortController().signal);
    const { odd = "" } = event;
    return odd.startsWith("body ") ? { ...answer, body: Readable.from(body(event, context)) } : answer;
  }) as unknown as Streaming;

/** Asks the cache while it is sent, when Middy has run `after`. */
async function* body(event: OddEvent, context: CacheContext): AsyncGenerator<string> {
  const { body: text = "" } = await getUser(event, context);
  yield text.slice(0, 5);
  if (event.odd === "body breaks off") throw new TypeError(event.odd);
  yield text.slice(5);
}

export const streamed = awslambda.streamifyResponse(async (event, stream, context) => {
  const { outcome, left } = await watched(() => streamChain(event, stream, context), (event.odd ?? "") !== "");
  tell(left);
  if ("error" in outcome) throw outcome.error;
});

function tell(left: string): void {
  process.stdout.write(`left running: ${left}\n`);
}
