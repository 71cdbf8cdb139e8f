/** What can be told from an error without reading its message, and what its message must never be. */
import { fileURLToPath } from "node:url";
import { expect, describe as group, test } from "@jest/globals";
import { build } from "esbuild";
import {
  describe,
  InvalidDataIdError,
  InvalidOptionError,
  PublishError,
  RefreshError,
  ScacheError,
} from "../../src/errors.js";

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
  const { outputFiles } = await build({ entryPoints: [entryPoint], minify: true, format: "cjs", write: false });
  const module = { exports: {} as typeof import("../../src/errors.js") };
  new Function("module", outputFiles[0]?.text ?? "")(module);
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
  test("names all that may not have been published, and keeps the cause", () => {
    const cause = new Error("throttled");
    const error = new PublishError("users", { ids: ["a", "b"], sources: ["s"], everything: true }, cause);
    expect(error).toMatchObject({ ids: ["a", "b"], sources: ["s"], everything: true, cause });
    expect(error.message).toContain('"users"');
    expect(error.message).toContain("throttled");
  });

  test("its message stays short, whatever was published", () => {
    const ids = Array.from({ length: 10_000 }, (_, n) => `id=${n}`);
    const { message } = new PublishError("users", { ids, sources: [], everything: false }, "why");
    expect(message).toContain("10000 in all");
    expect(message.length).toBeLessThan(300);
  });

  test("says that everything may not have been invalidated", () => {
    expect(new PublishError("users", { ...none, everything: true }, "why").message).toContain("everything");
  });

  test("what is thrown need not be an error to be told", () => {
    expect(new PublishError("users", none, "out of luck").message).toContain("out of luck");
  });
});

test("RefreshError names the stream and the reason, and keeps the cause", () => {
  const cause = new Error("reset");
  const error = new RefreshError("users", "not caught up within 5 ms", cause);
  expect(error.message).toBe('scache: could not catch up with stream "users": not caught up within 5 ms');
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
