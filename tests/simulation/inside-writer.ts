/**
 * A handler that changes data: it writes the source, then invalidates through its cache. Resolved must mean that the stream
 * holds it, and rejected must name what it may not hold.
 */
import type { ContextCache } from "../../src/core/invocation/context-cache.js";
import { PublishError } from "../../src/errors.js";
import type { SimEnvironment } from "./sim-environment.js";
import type { Datum } from "./truth.js";
import type { Change, World } from "./world.js";

type Kind = "id" | "ids" | "many" | "source" | "all";

export async function changeFromInside(
  world: World,
  env: SimEnvironment,
  name: string,
  cache: ContextCache,
  datum: Datum,
): Promise<void> {
  const { dice, life } = env;
  const kind = dice.pick<Kind>(["id", "id", "id", "ids", "many", "source", "all"]);
  const changed = { id: [datum], ids: world.data, many: world.data, source: world.sourceOf(datum), all: world.data }[
    kind
  ];
  const changes = changed.map((each) => ({ datum: each, version: world.write(each) }));
  world.say(() => `${name} writes ${describe(changes)}, invalidates by ${kind}`);
  await env.sleep(dice.wide(1, 20) - 1);
  const since = world.tick();
  const failuresBefore = life.api.partialFailures;
  try {
    const token = await life.alive(invalidate(world, cache, kind, datum));
    world.check(name, judgeResolution(world, kind, changes, since, token));
    if (kind === "source") world.took("source invalidated");
    if (life.api.partialFailures > failuresBefore) world.took("partial failure, then published");
    world.acknowledge(changes, { token, since });
    world.say(() => `${name} is acknowledged ${describe(changes)}`);
  } catch (error) {
    world.took("invalidate rejected");
    world.check(name, judgeRejection(world, kind, changes, since, error));
    world.say(() => `${name} is refused ${describe(changes)}: ${error}`);
  }
  life.invalidated(changes);
}

function invalidate(world: World, cache: ContextCache, kind: Kind, datum: Datum): Promise<string> {
  if (kind === "all") return cache.invalidateAll();
  if (kind === "source") return cache.invalidateSource(datum.id.source);
  if (kind === "many") return cache.invalidate(...world.log.others, ...world.data.map(({ id }) => id));
  if (kind === "ids") return cache.invalidate(...world.data.map(({ id }) => id));
  return cache.invalidate({ observableId: () => datum.id });
}

/** The changes, of those published since, that the stream does not hold. */
function missing(world: World, kind: Kind, changes: readonly Change[], since: number): readonly Change[] {
  const { ledger } = world;
  if (kind === "all") return ledger.holdsAll(since) ? [] : changes;
  if (kind === "source") return changes.filter(({ datum }) => !ledger.holdsSource(datum.id.source, since));
  return changes.filter(({ datum }) => !ledger.holdsKey(datum.key, since));
}

function judgeResolution(
  world: World,
  kind: Kind,
  changes: readonly Change[],
  since: number,
  token: string,
): string | undefined {
  const lost = missing(world, kind, changes, since);
  if (lost.length > 0) return `invalidate resolved, but the stream does not hold ${describe(lost)}`;
  return typeof token === "string" && token !== "" ? undefined : `the token is ${token}`;
}

function judgeRejection(
  world: World,
  kind: Kind,
  changes: readonly Change[],
  since: number,
  error: unknown,
): string | undefined {
  if (!(error instanceof PublishError)) return `invalidate threw ${error}`;
  const unnamed = missing(world, kind, changes, since).filter(({ datum }) => {
    if (kind === "all") return !error.everything;
    return kind === "source" ? !error.sources.includes(datum.id.source) : !error.ids.includes(datum.key);
  });
  return unnamed.length === 0 ? undefined : `rejected without naming what is missing: ${describe(unnamed)}`;
}

function describe(changes: readonly Change[]): string {
  return changes.map(({ datum, version }) => `${datum.key} version ${version}`).join(", ");
}
