/** The one error of the port to a log, as messages and callers see it. */
import { expect, test } from "@jest/globals";
import { LogFailure } from "../../../src/core/log.js";

test("a failure of the log has a name, a kind, a message, its cause, and what helps", () => {
  const cause = new TypeError("socket");
  const failure = new LogFailure("unavailable", "no answer", { cause, remedy: "check the network" });
  expect(failure).toBeInstanceOf(Error);
  expect(failure).toMatchObject({
    name: "LogFailure",
    kind: "unavailable",
    message: "no answer",
    cause,
    remedy: "check the network",
  });
});
