/**
 * How a person reads her own write in whichever environment answers her next, though each may serve what is up to
 * `maxStalenessMs` old: the token of the write goes to her browser in a cookie, and comes back with her next request.
 */
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { maxStalenessMs } from "./environment.js";

const NAME = "scache";

/**
 * The cookie lasts as long as some environment may not have read the log since: later it would tell nothing new, and where
 * each request reads the log it is not needed at all. It always fits: a token has at most 1 KB, and where more was written
 * than that can name, it is just the word "read". What is in it is no secret, and nothing to be trusted; see `tokenIn`.
 */
export function cookiesFor(token: string): string[] {
  const lifetimeS = Math.ceil(maxStalenessMs() / 1_000);
  return lifetimeS === 0 ? [] : [`${NAME}=${token}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=${lifetimeS}`];
}

/**
 * The token that came back, or whatever somebody put into the cookie: `refresh({ covers })` takes any text. One that it
 * cannot make sense of costs one reading, and for a second after that others like it just miss the cache.
 */
export function tokenIn({ cookies = [] }: APIGatewayProxyEventV2): string | undefined {
  return maxStalenessMs() === 0
    ? undefined
    : cookies.find((cookie) => cookie.startsWith(`${NAME}=`))?.slice(NAME.length + 1);
}
