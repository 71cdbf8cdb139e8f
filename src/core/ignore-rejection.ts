/**
 * For a promise that nobody waits for, such as that of a function which should not have been async: its rejection must not end
 * the process. One that is not native is left alone, since it might only begin when it is waited for.
 */
import { isPromise } from "./node.js";

// As it was before anybody could put another in its place.
const { then } = Promise.prototype;

export function ignoreRejection(value: unknown): void {
  if (isPromise(value)) then.call(value, undefined, () => undefined);
}
