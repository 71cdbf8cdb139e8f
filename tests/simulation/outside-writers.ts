/**
 * What happens to the stream besides the environments under test: writers without a cache (the package's publisher, and
 * programs that write the wire format themselves), records nobody understands, and people who reshard.
 */

import { LogFailure } from "../../src/core/log.js";
import { createRecordPublisher } from "../../src/core/publishing/publisher.js";
import { PublishError } from "../../src/errors.js";
import { createStreamLog } from "../../src/kinesis/log.js";
import type { Dice } from "./dice.js";
import { ObservedStream } from "./observed-stream.js";
import type { Datum } from "./truth.js";
import { CALM, planCall } from "./weather.js";
import type { Mood, World } from "./world.js";

const MAX_OPEN_SHARDS = 6;

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
    else if (chance < 0.8) putLikeGo(world, dice);
    else if (chance < 0.9) putWhatNobodyUnderstands(world, dice);
    else putHarmless(world, dice);
  }
}

/** What is written while nobody reads: it will be found as a backlog. */
export function writeBacklog(world: World, dice: Dice): void {
  for (let writes = dice.int(1, 6); writes > 0; writes--) putLikeGo(world, dice);
}

/** The package's own publisher, in a process of its own. */
async function publish(world: World, dice: Dice): Promise<void> {
  const calls = dice.fork();
  const client = world.stream.connect((call) => planCall(world.climate, call, calls));
  const api = new ObservedStream(world, "publisher", client);
  const publisher = createRecordPublisher(
    createStreamLog(api, { name: "simulated", clock: world.clock, random: dice.fork().next }),
    world.clock,
    dice.fork().next,
  );
  const changes = world.data.filter(() => dice.chance(0.5)).map((datum) => ({ datum, version: world.write(datum) }));
  if (changes.length === 0) return;
  const keys = changes.map(({ datum }) => datum.key);
  const since = world.tick();
  try {
    await publisher.publish({ keys }, dice.pick([500, 5_000, 10_000]));
    const lost = keys.find((key) => !world.ledger.holdsKey(key, since));
    if (lost !== undefined) world.violate(`publisher: resolved, but the stream does not hold ${lost}`);
    world.acknowledge(changes);
    world.say(() => `publisher is acknowledged ${keys.join(", ")}`);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    world.took("invalidate rejected");
    const unnamed = keys.find((key) => !world.ledger.holdsKey(key, since) && !error.ids.includes(key));
    if (unnamed !== undefined) world.violate(`publisher: rejected without naming ${unnamed}`);
  }
}

/** A record as another program writes it: other escapes, other case, other order, more fields. */
function putLikeGo(world: World, dice: Dice): void {
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
  put(world, dice, JSON.stringify(records[kind]), () => world.acknowledge(changes));
}

/** A change is announced in a way this version cannot read. */
function putWhatNobodyUnderstands(world: World, dice: Dice): void {
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
  put(world, dice, text, () => world.acknowledge(changes));
}

/** Says nothing, or names what nobody holds. */
function putHarmless(world: World, dice: Dice): void {
  if (dice.chance(0.05)) putFlood(world);
  else put(world, dice, dice.pick(["null", '{"keys":[]}', '{"keys":null}']), () => undefined);
}

/** More pages than a refresh reads of one shard, and a record with very many keys. */
function putFlood(world: World): void {
  world.climate = { ...CALM, latencyMs: 0, pageRecords: 1 };
  const keys = Array.from({ length: 600 }, (_, index) => `id=${index}&s=x&t=data.ID`);
  const texts = [JSON.stringify({ keys }), ...keys.slice(0, 120).map((key) => JSON.stringify({ keys: [key] }))];
  world.say(() => `outside: wrote ${texts.length} records to one shard`);
  try {
    world.stream.put(texts.map((text) => ({ data: new TextEncoder().encode(text), partitionKey: "flood" })));
  } catch (error) {
    if (!(error instanceof LogFailure)) throw error;
  }
}

function put(world: World, dice: Dice, text: string, written: () => void): void {
  let outcome = "wrote";
  try {
    world.stream.put([{ data: new TextEncoder().encode(text), partitionKey: String(dice.int(0, 1e9)) }]);
    written();
  } catch (error) {
    if (!(error instanceof LogFailure)) throw error;
    outcome = "could not write";
  }
  world.say(() => `outside: ${outcome} ${text.slice(0, 200)}`);
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

/** Splits and merges within a burst of activity. */
export async function reshard(world: World, dice: Dice): Promise<void> {
  const steps = dice.pick([0, 0, 0, 1, 1, 3]);
  for (let step = 0; step < steps; step++) {
    await world.sleep(dice.wide(1, 3_000));
    const open = world.stream.shards().filter((shard) => shard.isOpen);
    const merging = open.length > 1 && (open.length >= MAX_OPEN_SHARDS || dice.chance(0.5));
    if (merging) {
      open.sort((a, b) => a.range.from - b.range.from);
      const index = dice.int(0, open.length - 2);
      const childId = world.stream.merge(open[index]?.id ?? "", open[index + 1]?.id ?? "");
      world.say(() => `outside: merged ${open[index]?.id} and ${open[index + 1]?.id} into ${childId}`);
    } else {
      const parent = dice.pick(open).id;
      const children = world.stream.split(parent);
      world.say(() => `outside: split ${parent} into ${children.join(" and ")}`);
    }
  }
}

/**
 * Deletes the stream and creates it again, which takes Kinesis longer than any refresh here; what had not been read by
 * then is gone with it.
 */
export async function recreateStream(world: World, dice: Dice): Promise<void> {
  await world.sleep(dice.wide(1, 3_000));
  world.stream.delete();
  world.say(() => "outside: deleted the stream");
  await world.sleep(dice.wide(5_000, 60_000));
  world.stream.recreate(dice.int(1, 8));
  world.voidOrder = world.tick();
  world.took("stream deleted and created anew");
  world.say(() => "outside: created the stream anew");
  for (let writes = dice.int(0, 3); writes > 0; writes--) putLikeGo(world, dice);
}
