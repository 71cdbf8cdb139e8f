/** The one error of the port to the stream, as logs and callers see it. */
import { expect, test } from "@jest/globals";
import { StreamFailure } from "../../../src/core/stream-api.js";

test("a failure of the stream has a name, a kind, a message and its cause", () => {
  const cause = new TypeError("socket");
  const failure = new StreamFailure("unavailable", "no answer", { cause });
  expect(failure).toBeInstanceOf(Error);
  expect(failure).toMatchObject({ name: "StreamFailure", kind: "unavailable", message: "no answer", cause });
});
