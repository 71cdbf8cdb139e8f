/**
 * The two routes: reading a user through the cache, and writing one and telling every other environment.
 * They are plain functions of (event, context), so that they can be deployed as two functions or as one.
 */
import { Logger } from "@aws-lambda-powertools/logger";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { CacheContext } from "scache";
import { answer, detailsOf, userIdOf } from "./answers.js";
import { cacheIsOff, relayPublishes, required } from "./environment.js";
import { dataSource, PublishError } from "./log.js";
import { cookiesFor, tokenIn } from "./own-write.js";
import { createUsers, type User } from "./users.js";

export const logger = new Logger();
const users = createUsers(required("TABLE_NAME"));

/** "No such user" is worth remembering too: `null` is a value, and the write that creates the user invalidates it. */
const userById = dataSource<User | null>("db.users.id");

/** GET /user/{userid}. Whoever has just written reads that, though others may be served what is a little older. */
export async function getUser(
  event: APIGatewayProxyEventV2,
  context: CacheContext,
): Promise<APIGatewayProxyStructuredResultV2> {
  const userid = userIdOf(event);
  const token = tokenIn(event);
  if (token !== undefined && !cacheIsOff()) await context.cache.refresh({ covers: token });
  let from = cacheIsOff() ? "off" : "hit";
  const load = () => {
    from = cacheIsOff() ? "off" : "miss";
    return users.find(userid);
  };
  const user = cacheIsOff() ? await load() : await context.cache.getOrAdd(userById(userid), load);
  const headers = { "x-cache": from };
  return user === null ? answer(404, { message: `there is no user ${userid}` }, headers) : answer(200, user, headers);
}

/**
 * POST /user/{userid}: first the write, then the news of it. The other way round, a reader could cache the old row.
 * Where a relay publishes, the table tells it the news.
 */
export async function postUser(
  event: APIGatewayProxyEventV2,
  context: CacheContext,
): Promise<APIGatewayProxyStructuredResultV2> {
  const userid = userIdOf(event);
  // Made before anything is written: what has no id could not be announced.
  const id = userById(userid);
  const user = await users.save(userid, detailsOf(event));
  if (relayPublishes()) return answer(200, user);
  try {
    const token = await context.cache.invalidate(id);
    return { ...answer(200, user), cookies: cookiesFor(token) };
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    // How many, and why. Which ones is in the error, but an id may be personal data: it does not belong into a log.
    const { code, idCount, cause } = error;
    logger.error("saved, but not announced", { code, idCount, cause });
    return answer(503, { message: "the user is saved, but others may still see the old one: please send it again" });
  }
}
