/**
 * A durable function (Middy 7 only) on the example's users: it reads one, waits, and reads and writes that one again. At
 * the wait its invocation ends without `after` or `onError`; the next one replays it from its beginning.
 */
import type { DurableContext } from "@aws/durable-execution-sdk-js";
import type { Context } from "aws-lambda";
import middy from "middy7";
import { executionModeDurableContext } from "middy7/DurableContext";
import { type CacheContext, dataSource, scache } from "scache";
import { required } from "../../example/src/environment.js";
import { createUsers, type User } from "../../example/src/users.js";
import { watched } from "./left-behind.js";

const users = createUsers(required("TABLE_NAME"));
const userById = dataSource<User | null>("db.users.id");

type Durable = (event: unknown, context: Context) => Promise<unknown>;
type Chain = { use(middleware: object): Chain; handler(handler: object): Durable };

// Middy's own timer would outlive a suspended invocation.
const chain = (middy({ executionMode: executionModeDurableContext, timeoutEarlyInMillis: 0 }) as unknown as Chain)
  .use(scache(required("STREAM_NAME")))
  .handler(async ({ userid }: { userid: string }, context: DurableContext & CacheContext) => {
    const id = userById(userid);
    const read = async () => (await context.cache.getOrAdd(id, () => users.find(userid)))?.version ?? 0;
    // Outside of any step: read at the replay, too.
    tell("version", await read());
    // What is read from a cache may differ at the replay: it belongs into a step, whose result is kept.
    const before = await context.step("read", read);
    await context.wait({ seconds: 3_600 });
    const written = await context.step("write", async () => {
      const { version } = await users.save(userid, { name: "Ann", email: "ann@example.com" });
      await context.cache.invalidate(id);
      return version;
    });
    return { before, written };
  });

export const handler = async (event: unknown, context: Context) => {
  const { outcome, left } = await watched(() => chain(event, context));
  tell("left running", left);
  if ("error" in outcome) throw outcome.error;
  return outcome.result;
};

function tell(what: string, value: string | number): void {
  process.stdout.write(`${what}: ${value}\n`);
}
