/**
 * What TypeScript must infer, and what it must refuse, when scache is used with Middy. It is compiled against Middy 6 and
 * against Middy 7, and never run; `@ts-expect-error` fails the compilation where the error does not come.
 */
import middy from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyResultV2, Context } from "aws-lambda";
import { type CacheContext, type DataId, type dataId, dataSource, type parseDataId, scache } from "scache";
import { createPublisher } from "scache/publisher";

interface User {
  readonly name: string;
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._: Same<A, B> extends true ? [] : [expected: A, but_got: B]): void {}

const userById = dataSource<User>("db.users.id");

// The form to show first: everything is inferred from the event and the result.
export const inferred = middy<APIGatewayProxyEventV2, APIGatewayProxyResultV2>()
  .use(scache("stream", { maxStalenessMs: 1_000 }))
  .handler(async (event, context) => {
    same<string, typeof event.rawPath>();
    same<string, typeof context.awsRequestId>();

    const hit = context.cache.get(userById("1"));
    same<User | undefined, typeof hit>();
    const stored = context.cache.add(userById("1"), { name: "Ann" }, { savedMs: 5, ttlMs: 1_000 });
    same<boolean, typeof stored>();
    const user = await context.cache.getOrAdd(userById("1"), async () => ({ name: "Ann" }));
    same<User, typeof user>();
    const token = await context.cache.invalidate(userById("1"), { observableId: () => userById("2") });
    same<string, typeof token>();
    await context.cache.invalidateSource("db.users.id");
    await context.cache.refresh();

    // @ts-expect-error a user has a name, and it is a text
    context.cache.add(userById("1"), { name: 1 });
    // @ts-expect-error what can be invalidated is an id, or an object that has one
    context.cache.invalidate("id=1&s=db.users.id&t=data.ID");
    // @ts-expect-error the loader must load what the id names
    context.cache.getOrAdd(userById("1"), async () => 5);
    return { statusCode: 200, body: user.name };
  });

type Light = { readonly state: "on" | "off" };
type Shape = { readonly kind: "circle"; readonly r: number } | { readonly kind: "square"; readonly side: number };
const lightById = dataSource<Light>("db.lights.id");

/** What a loader returns is read as what the id names: literals, unions and tuples need no annotation. */
export async function literals(cache: CacheContext["cache"]): Promise<void> {
  const light = await cache.getOrAdd(lightById("1"), async () => ({ state: "on" }));
  same<Light, typeof light>();
  await cache.getOrAdd(lightById("1"), () => ({ state: "off" }));
  await cache.getOrAdd(dataSource<Shape>("shapes")("1"), async () => ({ kind: "circle", r: 1 }));
  await cache.getOrAdd(dataSource<[number, string]>("pairs")("1"), async () => [1, "one"]);
  const explicit = await cache.getOrAdd<Light>(lightById("1"), async () => ({ state: "on" }));
  same<Light, typeof explicit>();
  const lights = await cache.getOrAddMany([lightById("1")], () => new Map());
  same<Map<ReturnType<typeof lightById>, Light>, typeof lights>();
  // @ts-expect-error no light is broken
  cache.getOrAdd(lightById("1"), async () => ({ state: "broken" }));
  // @ts-expect-error nor is one named by a number
  cache.getOrAddMany([lightById("1")], (missing) => new Map(missing.map((id) => [id, 1] as const)));
}

// Values are frozen, which their type says only where the source was made so.
const cartById = dataSource<Readonly<{ total: number }>>("db.carts.id");
export const frozen = middy<string, number>()
  .use(scache("stream"))
  .handler(async (id, { cache }) => {
    const cart = await cache.getOrAdd(cartById(id), async (): Promise<{ total: number }> => ({ total: 1 }));
    // @ts-expect-error a value that is cached cannot be changed
    cart.total = 2;
    return cart.total;
  });

// A handler written first says itself that it needs the cache.
export const declared = middy(async (event: APIGatewayProxyEventV2, context: Context & CacheContext) => {
  same<User | undefined, ReturnType<typeof context.cache.get<User>>>();
  return { statusCode: 200, body: event.rawPath };
}).use(scache("stream"));

// @ts-expect-error one that does not say so has no cache
export const undeclared = middy(async (_: APIGatewayProxyEventV2, context: Context) => context.cache).use(scache("s"));

// Several middlewares at once: the contexts are joined.
const tenancy = {
  before(request: { context: Context & { tenant: string } }): void {
    request.context.tenant = "t";
  },
};
export const several = middy<APIGatewayProxyEventV2, APIGatewayProxyResultV2>()
  .use([scache("stream"), tenancy])
  .handler(async (_, context) => {
    same<string, typeof context.tenant>();
    return { statusCode: context.cache.get(userById("1")) === undefined ? 404 : 200 };
  });

// Ids carry the type of what they name.
same<DataId<User>, ReturnType<typeof userById>>();
same<DataId<number>, ReturnType<typeof dataId<number>>>();
same<DataId<unknown>, ReturnType<typeof parseDataId>>();
// @ts-expect-error a user's id is not an order's
export const wrong: DataId<{ total: number }> = userById("1");
// @ts-expect-error an id cannot be changed
userById("1").id = "2";

// @ts-expect-error options are checked by name
scache("stream", { maxStaleness: 1_000 });
// @ts-expect-error and by type
scache("stream", { onRefreshError: "ignore" });

// A writer without Middy.
export const published: Promise<string> = createPublisher("stream").invalidate(userById("1"));
