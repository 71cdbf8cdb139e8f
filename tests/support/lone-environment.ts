/**
 * A program: one environment in a process of its own, as plain Node runs it, with the logger that is built when none is
 * given. It invokes a handler a few times, which reads one datum, and fails if one of them did. Where Kinesis is, and as
 * whom to call it, its environment variables say. jest cannot show this: the system's errors are foreign to its sandbox,
 * and the SDK hides what is foreign.
 */
import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { scache } from "../../src/index.js";
import { rowId } from "./stage.js";
import { lambdaContext } from "./test-environment.js";

const INVOCATIONS = 5;

const handler = middy<unknown, { version: number }>()
  // Patient, so that a busy machine is not taken for a slow Kinesis.
  .use(scache(process.argv[2] ?? "", { metrics: false, refreshTimeoutMs: 5_000 }))
  .handler(async (_event, context) => context.cache.getOrAdd(rowId("1"), async () => ({ version: 1 }))) as unknown as (
  event: unknown,
  context: Context,
) => Promise<{ version: number }>;

for (let invocation = 0; invocation < INVOCATIONS; invocation += 1) {
  const { version } = await handler({}, lambdaContext());
  if (version !== 1) throw new Error(`the handler returned ${version}`);
}
