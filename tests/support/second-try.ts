/**
 * Slow tests are given a second try, and the first failure is printed: they stand on real time, real sockets and emulators that
 * share two cores with them. It must never be given to the others, which have no such excuse.
 */
import { expect, jest } from "@jest/globals";

if (expect.getState().testPath?.endsWith(".slow.test.ts")) jest.retryTimes(1, { logErrorsBeforeRetry: true });
