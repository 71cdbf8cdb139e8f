/**
 * What the arguments of `scache/testing` must be, where several take the same. As everywhere, a wrong one fails at once and
 * in words; here it would otherwise show up in a test's later steps, far from the mistake.
 */
import { functionOr, milliseconds, objectWith, type Rule, UNBOUNDED } from "../option-rules.js";

/** Known by what they can do, since a test runner may load a module, and with it a class, more than once. */
export const CLOCK: Rule = { ...objectWith("monotonic"), expected: "a clock, such as new ManualClock()" };
export const STREAM: Rule = { ...objectWith("connect"), expected: "a MemoryStream" };
export const FUNCTION = functionOr(undefined);

export const DURATION = milliseconds(0, UNBOUNDED, undefined);
