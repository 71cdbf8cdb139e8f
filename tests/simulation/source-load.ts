/** A load from the source of truth: it takes its time, reads at one moment within it, and sometimes fails. */
import type { SimEnvironment } from "./sim-environment.js";
import type { Datum, Value } from "./truth.js";
import type { World } from "./world.js";

/** It befell a load of the invocation of this name, and concerns no other. */
export class LoadFailure extends Error {
  readonly of: string;

  constructor(of: string) {
    super(`the source failed ${of}`);
    this.of = of;
  }
}

export async function loadFromSource(world: World, env: SimEnvironment, datum: Datum, of: string): Promise<Value> {
  const { dice } = env;
  const { loadsUnderWay } = env.life;
  loadsUnderWay.set(datum.key, (loadsUnderWay.get(datum.key) ?? 0) + 1);
  const { mood } = world;
  const mixed = dice.pick([20, 20, 20, 500, 5_000, 300_000]);
  const longest = mood === "mixed" || dice.chance(0.5) ? mixed : mood === "slow" ? 300_000 : 300;
  const [beforeMs, afterMs] = [dice.wide(1, longest) - 1, dice.wide(1, longest) - 1];
  if (beforeMs + afterMs > 60_000) world.took("load longer than a minute");
  try {
    await env.sleep(beforeMs);
    const value = datum.read(world.nowMs, env.drawLagMs());
    await env.sleep(afterMs);
    if (dice.chance(0.03)) throw new LoadFailure(of);
    return value;
  } finally {
    loadsUnderWay.set(datum.key, (loadsUnderWay.get(datum.key) ?? 1) - 1);
  }
}

/** A load that failed gives nothing; any other error is a mistake of ours. */
export function failedLoad(error: unknown): undefined {
  if (!(error instanceof LoadFailure)) throw error;
}
