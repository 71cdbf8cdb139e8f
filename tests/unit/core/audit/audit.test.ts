import { describe, expect, test } from "@jest/globals";
import { dataId } from "../../../../src/core/data-id.js";
import type { ScacheOptions } from "../../../../src/options.js";
import { Rig, userId } from "../../support/rig.js";

/** Where nobody publishes unless a test does: what the source holds, and what its audited environment makes of it. */
class Audited extends Rig {
  value: unknown = "old";
  loads = 0;
  readonly load = async () => {
    this.loads++;
    return this.value as string;
  };

  constructor(options: ScacheOptions = {}, random?: () => number) {
    super({ auditShare: 1, ...options }, 1, random);
  }

  /** One invocation that asks for the datum, audit included; what it was served, and its accounts. */
  async asks(load: () => string | Promise<string> = this.load, remainingMs = 30_000) {
    const invocation = await this.invocation(remainingMs);
    const served = await invocation.cache.getOrAdd(userId("1"), load);
    await invocation.audit();
    return { served, report: invocation.end() };
  }

  /** An entry, and a source that says otherwise, as an audit has found. */
  async suspects() {
    await this.asks();
    this.value = "new";
    return this.asks();
  }
}

describe("a writer that does not publish", () => {
  test("is found by the first hit after the grace, once the log was read, and its entry goes", async () => {
    const rig = new Audited();
    expect(await rig.suspects()).toMatchObject({ served: "old", report: { audits: 1, inconsistentReads: 0 } });
    await rig.clock.advance(9_999);
    expect(await rig.asks()).toMatchObject({ served: "old", report: { inconsistentReads: 0 } });
    await rig.clock.advance(1);
    expect(await rig.asks()).toMatchObject({ served: "old", report: { inconsistentReads: 1 } });
    expect(await rig.asks()).toMatchObject({ served: "new", report: { inconsistentReads: 0 } });
    expect(rig.notices.advice).toHaveLength(1);
    const [message, detail] = rig.notices.advice[0] ?? [];
    expect(message).toContain('"db.users.id"');
    expect(JSON.stringify([message, detail])).not.toMatch(/db\.users\.id[^"\\]/);
  });

  test("is named once, and counted each time", async () => {
    const rig = new Audited();
    for (const value of ["b", "c"]) {
      await rig.asks();
      rig.value = value;
      await rig.asks();
      await rig.clock.advance(10_000);
      expect((await rig.asks()).report).toMatchObject({ inconsistentReads: 1 });
      expect(await rig.asks()).toMatchObject({ served: value, report: { inconsistentReads: 0 } });
    }
    expect(rig.notices.advice).toHaveLength(1);
  });
});

test.each([
  [500, 1],
  [501, 0],
])(
  "a value that took %i ms to load is audited %i times: a load that is not over in time cannot be stopped",
  async (ms, audits) => {
    const rig = new Audited();
    const filling = await rig.invocation();
    filling.cache.add(userId("1"), "old", { savedMs: ms });
    filling.end();
    expect((await rig.asks()).report).toMatchObject({ hits: 1, audits, auditsFailed: 1 - audits });
    expect(rig.loads).toBe(audits);
  },
);

describe("a suspicion is cleared", () => {
  const condemnedAfter = async (clear: (rig: Audited) => unknown, options: ScacheOptions = {}) => {
    const rig = new Audited(options);
    await rig.suspects();
    await clear(rig);
    let condemned = (await rig.invocation()).end()?.inconsistentReads ?? 0;
    // Loaded after the invalidation, so that there is something to read for.
    const next = await rig.invocation();
    next.cache.add(userId("2"), "other");
    condemned += next.end()?.inconsistentReads ?? 0;
    await rig.clock.advance(10_000);
    return condemned + ((await rig.asks()).report?.inconsistentReads ?? 0);
  };

  test("by nothing, as a control", async () => {
    expect(await condemnedAfter(() => undefined)).toBe(1);
  });

  test.each<[string, (rig: Audited) => unknown]>([
    ["the id", (rig) => rig.elsewhere.invalidates(userId("1"))],
    ["its source", (rig) => rig.elsewhere.publishes({ keys: [], sources: ["db.users.id"] })],
    ["everything", (rig) => rig.elsewhere.publishes({ keys: [], all: true })],
    ["a record that is not understood", (rig) => rig.elsewhere.putsGarbage()],
    ["one of our own", async (rig) => (await rig.invocation()).cache.invalidate(userId("1"))],
  ])("by an invalidation of %s", async (_, clear) => {
    expect(await condemnedAfter(clear)).toBe(0);
    // Nor is a later entry judged by it: a flag may be set again, and that be published in a moment.
    const rig = new Audited();
    await rig.suspects();
    await clear(rig);
    rig.value = "old";
    expect((await rig.asks()).report).toMatchObject({ misses: 1 });
    rig.value = "new";
    await rig.clock.advance(10_000);
    expect((await rig.asks()).report).toMatchObject({ audits: 1, inconsistentReads: 0 });
  });

  test("by a record that the reading which would condemn it finds", async () => {
    const rig = new Audited();
    await rig.suspects();
    await rig.clock.advance(10_000);
    rig.elsewhere.invalidates(userId("1"));
    expect((await rig.asks()).report).toMatchObject({ inconsistentReads: 0 });
  });

  test("by a gap", async () => {
    expect(await condemnedAfter((rig) => rig.clock.advance(3_600_000))).toBe(0);
  });

  test.each<[string, number, ScacheOptions]>([
    ["by a gap", 3_600_000, {}],
    ["where nothing was cached, and so nothing was read", 600_000, { ttlMs: 60_000 }],
  ])("%s, also of a flag that goes back and forth", async (_, pauseMs, options) => {
    const rig = new Audited(options);
    await rig.suspects();
    await rig.clock.advance(pauseMs);
    rig.value = "old";
    expect(await rig.asks()).toMatchObject({ served: "old", report: { misses: 1 } });
    // Published in a moment; that of the first time was not read.
    rig.value = "new";
    await rig.clock.advance(1);
    expect(await rig.asks()).toMatchObject({ served: "old", report: { audits: 1, inconsistentReads: 0 } });
  });

  test("by an invalidation that is made while it is looked into", async () => {
    const rig = new Audited();
    await rig.suspects();
    await rig.clock.advance(10_000);
    const invocation = await rig.invocation();
    await invocation.cache.getOrAdd(userId("1"), async () => {
      await invocation.cache.invalidate(userId("1"));
      return "new";
    });
    await invocation.audit();
    expect(invocation.end()).toMatchObject({ audits: 1, inconsistentReads: 0 });
  });

  test("not by an invalidation of something else", async () => {
    expect(await condemnedAfter((rig) => rig.elsewhere.invalidates(dataId("db.users.id", "3")))).toBe(1);
  });

  test("an invalidation between the hit and the load counts, too", async () => {
    const rig = new Audited();
    await rig.asks();
    const invocation = await rig.invocation();
    await invocation.cache.getOrAdd(userId("1"), rig.load);
    rig.value = "new";
    await invocation.cache.invalidate(userId("1"));
    await invocation.audit();
    expect(invocation.end()).toMatchObject({ audits: 0 });
    expect(rig.loads).toBe(1);
  });

  test("holdOffMs prolongs the grace", async () => {
    expect(await condemnedAfter(() => undefined, { holdOffMs: 1 })).toBe(0);
  });
});

describe("a check", () => {
  test("of values that differ each time is none; the source is said once and left out", async () => {
    const rig = new Audited();
    let count = 0;
    const signed = () => `signature ${count++}`;
    await rig.asks(signed);
    for (let i = 0; i < 3; i++) expect((await rig.asks(signed)).report).toMatchObject({ inconsistentReads: 0 });
    expect(count).toBe(7);
    await rig.clock.advance(20_000);
    expect((await rig.asks(signed)).report).toMatchObject({ inconsistentReads: 0, audits: 0 });
    expect(count).toBe(7);
    expect(rig.notices.advice).toHaveLength(1);
  });

  test("finds nothing wrong with what changes as time goes by, a signature's hour or second, however often", async () => {
    const rig = new Audited();
    const stamped = () => `signed at ${Math.floor(rig.clock.now() / 1_000)}`;
    for (let i = 0; i < 10; i++) {
      expect((await rig.asks(stamped)).report).toMatchObject({ inconsistentReads: 0 });
      await rig.clock.advance(10_000);
    }
    expect(rig.notices.advice).toEqual([]);
  });

  test("is made of what is due whatever the share, and of nothing else", async () => {
    let drawn = 0;
    const rig = new Audited({ auditShare: 0.5 }, () => drawn);
    await rig.suspects();
    drawn = 0.9;
    await rig.asks();
    expect(rig.loads).toBe(3);
    await rig.clock.advance(10_000);
    expect((await rig.asks()).report).toMatchObject({ audits: 1, inconsistentReads: 1 });
  });

  test("of others goes on where a hundred are due and never asked for again", async () => {
    const rig = new Audited();
    const ids = Array.from({ length: 100 }, (_, index) => userId(`${100 + index}`));
    const ask = async (all: typeof ids, load: () => Promise<string>) => {
      for (let from = 0; from < all.length; from += 10) {
        const invocation = await rig.invocation();
        for (const id of all.slice(from, from + 10)) await invocation.cache.getOrAdd(id, load);
        await invocation.audit();
        invocation.end();
      }
    };
    await ask(ids, rig.load);
    await ask(ids, async () => "new");
    expect((await rig.suspects()).report).toMatchObject({ audits: 0 });
    await rig.clock.advance(10_000);
    await rig.asks();
    await rig.clock.advance(10_000);
    expect((await rig.asks()).report).toMatchObject({ inconsistentReads: 1 });
  });

  test("is not made without time left", async () => {
    const rig = new Audited();
    await rig.asks();
    await rig.asks(rig.load, 30);
    expect(rig.loads).toBe(1);
  });

  test.each<[string, () => Promise<string>]>([
    ["fails", () => Promise.reject(new Error("no"))],
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
  ])("whose loader %s could not be made, and harms nobody", async (_, load) => {
    const rig = new Audited();
    await rig.asks();
    expect(await rig.asks(load)).toMatchObject({ served: "old", report: { auditsFailed: 1, audits: 0 } });
  });

  test("whose loader hangs is given up after a second, and leaves no timer", async () => {
    const rig = new Audited();
    await rig.asks();
    const invocation = await rig.invocation();
    await invocation.cache.getOrAdd(userId("1"), () => new Promise<never>(() => undefined));
    const audit = invocation.audit();
    await Promise.resolve();
    await rig.clock.advance(1_000);
    await audit;
    expect(invocation.end()).toMatchObject({ auditsFailed: 1, auditMs: 1_000 });
  });

  test("is made of ten hits at most, and of each id once", async () => {
    const rig = new Audited();
    const filling = await rig.invocation();
    for (let i = 0; i < 20; i++) filling.cache.add(userId(`${i}`), "old");
    filling.end();
    const invocation = await rig.invocation();
    for (let i = 0; i < 40; i++) await invocation.cache.getOrAdd(userId(`${Math.floor(i / 2)}`), rig.load);
    await invocation.audit();
    expect(invocation.end()).toMatchObject({ audits: 10 });
    expect(rig.loads).toBe(10);
  });

  test("is never made with auditShare 0", async () => {
    const rig = new Audited({ auditShare: 0 });
    await rig.asks();
    const invocation = await rig.invocation();
    await invocation.cache.getOrAdd(userId("1"), rig.load);
    expect(invocation.audit()).toBeUndefined();
    expect(rig.loads).toBe(1);
  });

  test("let go at the end of an invocation without its hook can be made in the next", async () => {
    const rig = new Audited();
    await rig.asks();
    const invocation = await rig.invocation();
    await invocation.cache.getOrAdd(userId("1"), rig.load);
    invocation.end();
    expect((await rig.asks()).report).toMatchObject({ audits: 1 });
  });
});

describe("an audit", () => {
  test("forgets that loads differed once one agreed", async () => {
    const rig = new Audited();
    for (let times = 0; times < 4; times++) {
      await rig.asks();
      await rig.asks(async () => `${rig.loads++}`);
    }
    expect(rig.notices.advice).toEqual([]);
  });

  test("counts nothing of what its loaders are served as the handler's", async () => {
    const rig = new Audited();
    const invocation = await rig.invocation();
    const nested = () => invocation.cache.getOrAdd(userId("2"), rig.load);
    invocation.cache.add(userId("1"), "old", { savedMs: 10 });
    await invocation.cache.getOrAdd(userId("1"), nested);
    await invocation.audit();
    expect(invocation.end()).toMatchObject({ hits: 1, misses: 0, timeSavedMs: 10, audits: 1 });
  });
});
