/**
 * Who else writes to the log besides the environments under test: the package's publisher in a process of its own, programs
 * that write the wire format themselves, and programs that write what nobody understands.
 */

import { createRecordPublisher } from "../../src/core/publishing/publisher.js";
import { PublishError } from "../../src/errors.js";
import type { Dice } from "./dice.js";
import type { Datum } from "./truth.js";
import { CALM } from "./weather.js";
import type { Mood, World } from "./world.js";

/** How many writes there are in a burst at most, and how long they are apart at most. */
const PACES: Readonly<Record<Mood, readonly (readonly [most: number, pauseMs: number])[]>> = {
  mixed: [
    [4, 2_000],
    [4, 2_000],
    [20, 100],
  ],
  crowded: [
    [3, 500],
    [3, 500],
    [6, 200],
  ],
  slow: [
    [4, 60_000],
    [4, 60_000],
    [4, 60_000],
  ],
};

/** Some writes within a burst of activity, or many in quick succession. */
export async function writeFromOutside(world: World, dice: Dice): Promise<void> {
  const [most, pauseMs] = PACES[world.mood][dice.int(0, 2)] ?? [4, 2_000];
  for (let writes = dice.int(0, most); writes > 0; writes--) {
    await world.sleep(dice.wide(1, pauseMs));
    const chance = dice.next();
    if (chance < 0.4) await publish(world, dice);
    else if (chance < 0.8) await putLikeGo(world, dice);
    else if (chance < 0.9) await putWhatNobodyUnderstands(world, dice);
    else await putHarmless(world, dice);
  }
}

/** What is written while nobody reads: it will be found as a backlog. */
export async function writeBacklog(world: World, dice: Dice): Promise<void> {
  for (let writes = dice.int(1, 6); writes > 0; writes--) await putLikeGo(world, dice);
}

/** The package's own publisher, in a process of its own. */
async function publish(world: World, dice: Dice): Promise<void> {
  const connection = { clock: world.clock, dice: dice.fork(), isDead: () => false };
  const { log } = world.log.connect("publisher", connection);
  const publisher = createRecordPublisher(log, world.clock, dice.fork().next);
  const changes = world.data.filter(() => dice.chance(0.5)).map((datum) => ({ datum, version: world.write(datum) }));
  if (changes.length === 0) return;
  const keys = changes.map(({ datum }) => datum.key);
  const since = world.tick();
  try {
    const token = await publisher.publish({ keys }, dice.pick([500, 5_000, 10_000]));
    const lost = keys.find((key) => !world.ledger.holdsKey(key, since));
    if (lost !== undefined) world.violate(`publisher: resolved, but the log does not hold ${lost}`);
    world.acknowledge(changes, { token, since });
    world.say(() => `publisher is acknowledged ${keys.join(", ")}`);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    world.took("invalidate rejected");
    const unnamed = keys.find((key) => !world.ledger.holdsKey(key, since) && !error.ids.includes(key));
    if (unnamed !== undefined) world.violate(`publisher: rejected without naming ${unnamed}`);
  }
}

/** A record as another program writes it: other escapes, other case, other order, more fields. */
export async function putLikeGo(world: World, dice: Dice): Promise<void> {
  const datum = dice.pick(world.data);
  const kind = dice.pick(["key", "key", "key", "source", "all"] as const);
  const changed = { key: [datum], source: world.sourceOf(datum), all: world.data }[kind];
  const changes = changed.map((each) => ({ datum: each, version: world.write(each) }));
  const ts = new Date(world.nowMs).toISOString();
  const records = {
    key: { [dice.pick(["keys", "Keys", "KEYS"])]: [escapedDifferently(datum, dice)], ts, from: "elsewhere" },
    source: { keys: [], sources: [datum.id.source], ts },
    all: { keys: null, all: true, v: 1, ts },
  };
  await put(world, dice, JSON.stringify(records[kind]), () => world.acknowledge(changes));
}

/** A change is announced in a way this version cannot read. */
async function putWhatNobodyUnderstands(world: World, dice: Dice): Promise<void> {
  const changes = world.data.map((datum) => ({ datum, version: world.write(datum) }));
  const [first] = world.data;
  const text = dice.pick([
    "",
    "not json",
    '{"keys":["id=1&s=a"]}',
    '{"keys":[7]}',
    '{"v":2,"keys":[]}',
    `{"keys":["${first?.key}"`,
    "[]",
    "{}",
    `{"ts":"${new Date(world.nowMs).toISOString()}"}`,
    `{"key":["${first?.key}"]}`,
    '{"detail-type":"changed","source":"users","detail":{"id":"1"}}',
    '{"before":null,"after":{"id":1},"op":"u","source":{"table":"users"}}',
    "\u{F3}\u{89}\u{9A}\u{C2}aggregated",
  ]);
  await put(world, dice, text, () => world.acknowledge(changes));
}

/** Says nothing, or names what nobody holds. */
async function putHarmless(world: World, dice: Dice): Promise<void> {
  if (dice.chance(0.05)) await putFlood(world, dice);
  else await put(world, dice, dice.pick(["null", '{"keys":[]}', '{"keys":null}']), () => undefined);
}

/** More pages than a refresh reads of one shard, and a record with very many keys. */
async function putFlood(world: World, dice: Dice): Promise<void> {
  world.climate = { ...CALM, latencyMs: 0, pageRecords: 1 };
  const keys = Array.from({ length: 600 }, (_, index) => `id=${index}&s=x&t=data.ID`);
  const texts = [JSON.stringify({ keys }), ...keys.slice(0, 120).map((key) => JSON.stringify({ keys: [key] }))];
  world.say(() => `outside: writes ${texts.length} records at once`);
  await world.log.write(texts, dice);
}

async function put(world: World, dice: Dice, text: string, written: () => void): Promise<void> {
  const isWritten = await world.log.write([text], dice);
  if (isWritten) written();
  world.say(() => `outside: ${isWritten ? "wrote" : "could not write"} ${text.slice(0, 200)}`);
}

/** The same data id in another spelling that the original program accepts. */
function escapedDifferently(datum: Datum, dice: Dice): string {
  const spell = (text: string) =>
    [...new TextEncoder().encode(text)]
      .map((byte) => {
        const hex = byte.toString(16).padStart(2, "0");
        const plain = /[A-Za-z0-9]/.test(String.fromCharCode(byte)) && dice.chance(0.8);
        return plain ? String.fromCharCode(byte) : `%${dice.chance(0.5) ? hex : hex.toUpperCase()}`;
      })
      .join("");
  if (dice.chance(0.5)) return datum.key;
  return `t=data.ID&s=${spell(datum.id.source)}&id=${spell(datum.id.id)}`;
}
