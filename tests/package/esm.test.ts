/**
 * Proves that the suite runs as what it is said to run as. Without Node's --experimental-vm-modules jest quietly runs
 * everything as CommonJS, stays green, and says nothing about the package that is shipped; and where another Node or
 * another Middy was asked for and is missing, a green run would be one of the usual ones.
 */
import { readFileSync } from "node:fs";
import { expect, jest, test } from "@jest/globals";

test("tests and sources run as ES modules", async () => {
  expect(typeof require).toBe("undefined");
  expect(import.meta.url).toMatch(/^file:\/\/.*\/tests\/package\/esm\.test\.ts$/);
  expect(jest.isMockFunction(jest.fn())).toBe(true);
  const errors: unknown = await import("../../src/errors.js");
  expect(Object.prototype.toString.call(errors)).toBe("[object Module]");
});

test("on the Node version that was asked for (SCACHE_NODE)", () => {
  const major = process.env.SCACHE_NODE ?? "";
  expect(process.version.startsWith(`v${major}`)).toBe(true);
  expect(Number(process.versions.node.split(".")[0])).toBeGreaterThanOrEqual(20);
});

test("on the Middy that was asked for (MIDDY)", () => {
  const folder = new URL(".", import.meta.resolve("@middy/core"));
  const { version } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as { version: string };
  expect(version.split(".")[0]).toBe(process.env.MIDDY ?? "6");
});
