/** What can be told from an error without reading its message, and what its message must never be. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import { LogFormatter as PowertoolsFormatter } from "@aws-lambda-powertools/logger";
import { expect, describe as group, test } from "@jest/globals";
import { build } from "esbuild";
import {
  describe,
  InvalidDataIdError,
  InvalidOptionError,
  messageOf,
  PublishError,
  RefreshError,
  ScacheError,
} from "../../src/errors.js";

/** As the example's logger writes an error. */
class LogFormatter extends PowertoolsFormatter {
  formatAttributes(): never {
    throw new Error("only errors are formatted here");
  }
}

const none = { ids: [], sources: [], everything: false };

group("every error", () => {
  test.each([
    [new InvalidOptionError("ttlMs", "a number", "x"), "InvalidOptionError", "INVALID_OPTION"],
    [new InvalidDataIdError("a data id", 5), "InvalidDataIdError", "INVALID_DATA_ID"],
    [new PublishError("s", none, new Error("no")), "PublishError", "PUBLISH_FAILED"],
    [new RefreshError("s", "too slow"), "RefreshError", "REFRESH_FAILED"],
  ])("%p is a ScacheError with its name and code", (error, name, code) => {
    expect(error).toBeInstanceOf(ScacheError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name, code });
    expect(error.message).toMatch(/^scache: /);
    expect(error.stack).toContain(name);
  });
});

test("every error keeps its name in a minified bundle", async () => {
  const entryPoint = fileURLToPath(new URL("../../src/errors.ts", import.meta.url));
  const { outputFiles } = await build({
    entryPoints: [entryPoint],
    bundle: true,
    platform: "node",
    minify: true,
    format: "cjs",
    write: false,
  });
  const module = { exports: {} as typeof import("../../src/errors.js") };
  new Function("module", "require", outputFiles[0]?.text ?? "")(module, createRequire(import.meta.url));
  const minified = module.exports;
  expect([
    new minified.ScacheError("PUBLISH_FAILED", "x").name,
    new minified.InvalidOptionError("ttlMs", "a number", "x").name,
    new minified.InvalidDataIdError("a data id", 5).name,
    new minified.PublishError("s", none, "x").name,
    new minified.RefreshError("s", "too slow").name,
  ]).toEqual(["ScacheError", "InvalidOptionError", "InvalidDataIdError", "PublishError", "RefreshError"]);
});

group("PublishError", () => {
  const lost = { ids: ["id=1", "id=2"], sources: ["db.users"], everything: true };

  test("names all that may not have been published, and keeps the cause", () => {
    const cause = new Error("throttled");
    const error = new PublishError("users", lost, cause);
    expect(error).toMatchObject({ ...lost, cause, idCount: 2, sourceCount: 1 });
  });

  test.each([
    [{ ...none, ids: ["id=1"] }, 'could not confirm 1 invalidation on "users" (see error.ids): Rate exceeded'],
    [
      { ...none, sources: ["a", "b"] },
      'could not confirm 2 invalidations on "users" (see error.sources): Rate exceeded',
    ],
    [
      { ...none, everything: true },
      'could not confirm 1 invalidation on "users" (see error.everything): Rate exceeded',
    ],
    [
      lost,
      'could not confirm 4 invalidations on "users" (see error.ids, error.sources, error.everything): Rate exceeded',
    ],
  ])("its message says how many, where, why, and where to find which", (unpublished, message) => {
    expect(new PublishError("users", unpublished, new Error("Rate exceeded")).message).toBe(`scache: ${message}`);
  });

  test("W5: neither an id nor a source gets into what loggers write of an error: text, fields, JSON", () => {
    const ids = Array.from({ length: 100_000 }, (_, n) => `id=person${n}`);
    const error = new PublishError("users", { ids, sources: ["db.people"], everything: false }, new Error("why"));
    const written = [
      error.message,
      error.stack,
      String(error),
      JSON.stringify({ ...error }),
      JSON.stringify(error),
      inspect(error, { depth: 9 }),
      JSON.stringify(new LogFormatter().formatError(error)),
    ].join("\n");
    expect(written).not.toMatch(/person\d|db\.people/);
    expect(written.length).toBeLessThan(10_000);
    expect({ ...error }).toMatchObject({ code: "PUBLISH_FAILED", idCount: 100_000, sourceCount: 1, everything: false });
    expect(error.message).toContain("100001 invalidations");
  });

  test("what is thrown need not be an error to be told", () => {
    expect(new PublishError("users", none, "out of luck").message).toBe(
      'scache: could not confirm 0 invalidations on "users": "out of luck"',
    );
  });
});

group("messageOf", () => {
  const refused = [new Error("connect ECONNREFUSED ::1:80"), new Error("connect ECONNREFUSED 127.0.0.1:80")];

  test.each([
    ["an error's message", new Error("no"), "no"],
    [
      "the inner reasons of one that sums up others",
      new AggregateError(refused, ""),
      "connect ECONNREFUSED ::1:80; connect ECONNREFUSED 127.0.0.1:80",
    ],
    ["both, where it has a message", new AggregateError([new Error("b")], "a"), "a; b"],
    ["each reason once", new AggregateError([new Error("b"), new Error("b")], "b"), "b"],
    [
      "three of many",
      new AggregateError(
        [1, 2, 3, 4].map((n) => new Error(`e${n}`)),
        "",
      ),
      "e1; e2; e3",
    ],
    ["the cause's, for want of one", new Error("", { cause: new Error("why") }), "why"],
    ["its name, for want of any", new RangeError(""), "RangeError"],
    ["an error's of another realm", runInNewContext("new TypeError('far')"), "far"],
    ["what something else is", { reason: "secret" }, "{reason}"],
  ])("is %s", (_what, thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });

  test("ends, even for errors that contain each other", () => {
    const error = new AggregateError([], "");
    error.errors.push(error, error);
    expect(messageOf(error)).toBe("AggregateError");
    const caused = new Error("");
    caused.cause = caused;
    expect(messageOf(caused)).toBe("Error");
  });
});

group("an unknown option", () => {
  const known = ["ttlMs", "maxEntries", "maxStalenessMs", "refreshTimeoutMs", "onRefreshError", "freeze", "client"];

  test.each([
    ["maxEntires", "maxEntries"],
    ["maxentries", "maxEntries"],
    ["max_entries", "maxEntries"],
    ["entries", "maxEntries"],
    ["ttl", "ttlMs"],
    ["ttlSeconds", "ttlMs"],
    ["staleness", "maxStalenessMs"],
    ["maxStaleness", "maxStalenessMs"],
    ["timeout", "refreshTimeoutMs"],
    ["onRefreshErrors", "onRefreshError"],
    ["frezee", "freeze"],
    ["clients", "client"],
  ])("%s: is asked whether %s was meant", (given, meant) => {
    const error = InvalidOptionError.unknown(given, known);
    expect(error).toMatchObject({ option: given, code: "INVALID_OPTION" });
    expect(error.message).toBe(`scache: unknown option "${given}"; did you mean "${meant}"?`);
  });

  test.each(["foo", "", "x", "toString", "__proto__", "prefix", "a"])("%j: is told all there are", (given) => {
    expect(InvalidOptionError.unknown(given, known).message).toBe(
      `scache: unknown option "${given}"; the options are ${known.join(", ")}`,
    );
  });
});

test("RefreshError names the stream and the reason, and keeps the cause", () => {
  const cause = new Error("reset");
  const error = new RefreshError("users", "not caught up within 5 ms", cause);
  expect(error.message).toBe('scache: could not catch up with log "users": not caught up within 5 ms');
  expect(error.cause).toBe(cause);
});

group("describe", () => {
  test.each([
    ["text", '"text"'],
    ["", '""'],
    [5, "5"],
    [Number.NaN, "NaN"],
    [10n, "10"],
    [undefined, "undefined"],
    [null, "null"],
    [true, "true"],
    [Symbol("s"), "Symbol(s)"],
    [() => 1, "a function"],
    [[1, 2], "an array of 2"],
    [{}, "{}"],
    [{ a: 1, b: 2 }, "{a, b}"],
  ])("%p is %s", (value, text) => {
    expect(describe(value)).toBe(text);
  });

  test("never shows what an object holds", () => {
    expect(describe({ password: "secret", inner: { secret: 1 } })).toBe("{password, inner}");
    expect(describe(["secret"])).not.toContain("secret");
  });

  test("is short, however much came", () => {
    expect(describe("x".repeat(10_000)).length).toBeLessThan(110);
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`field${n}`, n]));
    expect(describe(wide).length).toBeLessThan(100);
  });
});
