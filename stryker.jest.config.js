// Mutation testing runs the unit tests of the core, and nothing that opens a socket. Jest finds the tests that a mutated
// file matters to by the imports between its roots, so the sources are one as well.
import base from "./jest.config.js";

// The core's tests need nothing that is installed apart.
const { globalSetup: _, ...rest } = base;

export default {
  ...rest,
  roots: ["<rootDir>/src", "<rootDir>/tests/unit"],
  testMatch: ["<rootDir>/tests/unit/core/**/*.test.ts"],
  // The clock is moved by hand, so no test takes as long but those that say so. One that a mutant keeps waiting fails
  // here, before Stryker gives up on the process and has to start another.
  testTimeout: 1_000,
};
