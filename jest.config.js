// Jest runs the TypeScript sources as ES modules (see tests/package/esm.test.ts, which fails if it ever does not).
/** @type {import("jest").Config} */
export default {
  testEnvironment: "node",
  roots: ["<rootDir>/tests"],
  // What takes long is named *.slow.test.ts: `npm run test:slow`.
  testMatch: ["**/!(*.slow).test.ts"],
  maxWorkers: "100%",
  setupFilesAfterEnv: ["<rootDir>/tests/support/second-try.ts"],
  // Middy 7 and AWS's runtime client are installed when tests first run, beside what they are for.
  globalSetup: "<rootDir>/tests/support/extras.mjs",
  modulePaths: ["<rootDir>/tests/middy7/node_modules"],
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2023", parser: { syntax: "typescript" } }, module: { type: "es6" } },
    ],
  },
  moduleNameMapper: {
    // MIDDY=7 runs the suite on Middy 7, which has another name here.
    ...(process.env.MIDDY === "7" ? { "^@middy/core(/.*)?$": "middy7$1" } : {}),
    "^scache$": "<rootDir>/src/index.ts",
    "^scache/dynamodb$": "<rootDir>/src/dynamodb/index.ts",
    "^scache/publisher$": "<rootDir>/src/publisher.ts",
    "^scache/cdc$": "<rootDir>/src/cdc/index.ts",
    "^scache/testing$": "<rootDir>/src/testing/index.ts",
    "^(\\.{1,2}/.*)\\.js$": "$1",
  },
  // Nothing takes this long but on a machine that does other things as well.
  testTimeout: 120_000,
  // With --coverage only: the unit tests alone have to reach the protocol's every corner.
  coverageProvider: "v8",
  coverageReporters: ["text"],
  collectCoverageFrom: ["src/**/*.ts", "!src/report/**"],
  coverageThreshold: { "./src/core/": { lines: 95, branches: 95 } },
};
