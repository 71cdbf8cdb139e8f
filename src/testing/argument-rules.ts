/**
 * What the arguments of `scache/testing` must be, where several take the same. As everywhere, a wrong one fails at once and
 * in words; here it would otherwise show up in a test's later steps, far from the mistake.
 */
import { functionOr, milliseconds, objectWith, type Rule } from "../option-rules.js";

/** Known by what they can do, since a test runner may load a module, and with it a class, more than once. */
export const CLOCK: Rule = ["a clock, such as new ManualClock()", objectWith("monotonic")[1]];
export const STREAM: Rule = ["a MemoryStream", objectWith("connect")[1]];
export const FUNCTION = functionOr(undefined);

/** What is bounded by nothing but what a number can count. */
export const LARGEST = 2 ** 53 - 1;
export const DURATION = milliseconds(0, LARGEST, undefined);
