/**
 * A clock that is a little further ahead than anybody allows for, and is set right sooner or later: a place noted by it is too
 * late on the stream's own clock, and a change in between must be read all the same. By chance alone all of that hardly ever
 * falls together. It has dice of its own, so that a schedule without it goes as it always went.
 */
import type { Dice } from "./dice.js";
import { putLikeGo } from "./outside-writers.js";
import type { SimEnvironment } from "./sim-environment.js";
import { CALM } from "./weather.js";
import type { World } from "./world.js";

/** Kinesis's iterators live for five minutes. */
const OLD_MS = { least: 200_000, most: 400_000 } as const;

/** @param visit one invocation, which stores what it does not find */
export async function readByAWrongClock(
  world: World,
  environment: SimEnvironment,
  dice: Dice,
  visit: () => Promise<unknown>,
): Promise<void> {
  if (!environment.mayBeFarAhead) return;
  world.took("read by a clock that is too far ahead");
  // Where an iterator has expired, the stream is listed before another is taken: the service tells its time in between.
  world.climate = {
    ...CALM,
    latencyMs: dice.pick([5, 20, 100]),
    faults: ["expired"],
    faultRate: dice.pick([0, 0, 0.5]),
  };
  const aheadMs = environment.options.clockMarginMs + dice.wide(1_000, 60_000);
  if (dice.chance(0.5)) {
    // Then it has no place yet, or none that can be read on from at once.
    if (dice.chance(0.5)) environment.life.kill(world);
    else await world.sleep(environment.options.maxGapMs + 1);
  }
  if (environment.life.dead) environment.restart();
  environment.setClockTo(aheadMs);
  for (let visits = dice.int(1, 2); visits > 0; visits--) await visit();
  await world.sleep(dice.wide(1, 1_000));
  await putLikeGo(world, dice);
  const isSetRight = dice.chance(0.4);
  if (isSetRight) environment.setClockTo(0);
  // What lies in the service's future is refused, so that much time has to pass.
  const longEnough = [dice.wide(1, aheadMs), aheadMs + dice.wide(1, 5_000), dice.wide(OLD_MS.least, OLD_MS.most)];
  await world.sleep(dice.pick(longEnough));
  if (!isSetRight && dice.chance(0.5)) world.clock.after(dice.wide(1, 50), () => environment.setClockTo(0));
  await visit();
}
