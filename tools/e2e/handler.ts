/**
 * The example's function as the end-to-end run deploys it: its routes and its middleware, and around them what tells the
 * runner, in headers, how fresh the answer is and what the invocation has left running.
 */
import middy from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { scache } from "scache";
import { answerErrors } from "../../example/src/answers.js";
import { required } from "../../example/src/environment.js";
import { getUser, logger, postUser } from "../../example/src/routes.js";

const served = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
  .use(answerErrors(logger))
  .use(scache(required("STREAM_NAME"), { logger }))
  .handler(async (event, context) => {
    const route = event.requestContext.http.method === "GET" ? getUser : postUser;
    const answer = await route(event, context);
    return { ...answer, headers: { ...answer.headers, "x-freshness": context.cache.freshness.state } };
  });

/** Of the runtime's own, with many invocations at once: its connections and the way to its main thread. */
const RUNTIME_RESOURCES: ReadonlySet<string> = new Set(["TCPSocketWrap", "ConnectWrap", "MessagePort", "Immediate"]);

let running = 0;

export const handler = async (event: APIGatewayProxyEventV2, context: Parameters<typeof served>[1]) => {
  running += 1;
  const answer = await served(event, context);
  running -= 1;
  if (process.env.LEAVE_RUNNING === "1") setTimeout(() => {}, 60_000);
  // A connection is let go in the turn after its answer, and closed at the end of that.
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return { ...answer, headers: { ...answer.headers, "x-left-running": leftRunning().join(",") } };
};

/**
 * What would keep this process busy. With many invocations at once it can only be told when none runs, and connections
 * are then those of the runtime, which already asks for the next invocation.
 */
function leftRunning(): string[] {
  // Standard output and error are pipes.
  const active = process.getActiveResourcesInfo().filter((name) => name !== "PipeWrap");
  if (process.env.AWS_LAMBDA_MAX_CONCURRENCY === undefined) return active;
  return running > 0 ? [] : active.filter((name) => !RUNTIME_RESOURCES.has(name));
}
