/** What `npx scache reset` does to a log in a table, and what it leaves alone. */
import { describe, expect, test } from "@jest/globals";
import { NotDone } from "../../../src/cli/command.js";
import { resetLog } from "../../../src/cli/reset.js";
import { LogFailure } from "../../../src/core/log.js";
import { ManualClock } from "../../../src/testing/manual-clock.js";
import { MemoryTable } from "../../../src/testing/memory-table.js";
import type { TableCallPolicy } from "../../../src/testing/memory-table-client.js";

const HEAD = { incarnation: "old", first: 3, records: [new Uint8Array([1])] };
const fresh = () => {
  let drawn = 0;
  return () => `fresh ${++drawn}`;
};

function tableWith(head: Parameters<MemoryTable["setHead"]>[0], policy?: TableCallPolicy) {
  const table = new MemoryTable({ clock: new ManualClock() });
  if (head !== undefined) table.setHead(head);
  return { table, api: table.connect("scache", policy) };
}

describe("a log", () => {
  test("is begun anew, empty and as another one", async () => {
    const { table, api } = tableWith(HEAD);
    expect(await resetLog(api, fresh())).toBe("begun anew");
    expect(table.head()).toMatchObject({ incarnation: "fresh 1", first: 0, records: [] });
  });

  test("that is not there is left alone", async () => {
    const { table, api } = tableWith(undefined);
    expect(await resetLog(api, fresh())).toBe("not there");
    expect(table.head()).toBeUndefined();
  });

  test("of a later version is left alone", async () => {
    const { table, api } = tableWith({ ...HEAD, version: 2 });
    await expect(resetLog(api, fresh())).rejects.toThrow(NotDone);
    expect(table.head()).toMatchObject({ ...HEAD, version: 2 });
  });

  test("that somebody else has begun anew in between is left alone", async () => {
    const { table, api } = tableWith(HEAD, ({ operation }) => {
      if (operation === "reset") table.setHead({ incarnation: "theirs", first: 0, records: [] });
      return undefined;
    });
    expect(await resetLog(api, fresh())).toBe("begun anew already");
    expect(table.head()).toMatchObject({ incarnation: "theirs" });
  });

  test("that a later version has changed in between is left alone, and that is said", async () => {
    const { table, api } = tableWith(HEAD, ({ operation }) => {
      if (operation === "reset") table.setHead({ ...HEAD, version: 2 });
      return undefined;
    });
    await expect(resetLog(api, fresh())).rejects.toThrow(NotDone);
  });

  test("is begun anew once, where the answer is lost", async () => {
    let resets = 0;
    const { table, api } = tableWith(HEAD, ({ operation }) =>
      operation === "reset" && ++resets === 1 ? { loseAnswer: "reject" } : undefined,
    );
    expect(await resetLog(api, fresh())).toBe("begun anew already");
    expect([resets, table.head()]).toMatchObject([2, { incarnation: "fresh 1" }]);
  });

  test("that is refused is told at once", async () => {
    let calls = 0;
    const { api } = tableWith(HEAD, () => {
      calls++;
      return { fail: "refused" };
    });
    await expect(resetLog(api, fresh())).rejects.toThrow(LogFailure);
    expect(calls).toBe(1);
  });
});
