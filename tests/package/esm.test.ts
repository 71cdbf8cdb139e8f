/**
 * Proves that the suite runs as ES modules. Without Node's --experimental-vm-modules jest quietly runs everything as
 * CommonJS, stays green, and says nothing about the package that is shipped.
 */
import { expect, jest, test } from "@jest/globals";

test("tests and sources run as ES modules", async () => {
  expect(typeof require).toBe("undefined");
  expect(import.meta.url).toMatch(/^file:\/\/.*\/tests\/package\/esm\.test\.ts$/);
  expect(jest.isMockFunction(jest.fn())).toBe(true);
  const errors: unknown = await import("../../src/errors.js");
  expect(Object.prototype.toString.call(errors)).toBe("[object Module]");
});
