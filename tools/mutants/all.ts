/** Every breakage of the protocol that there is. */
import { FILLING } from "./filling.js";
import type { Mutant } from "./mutant.js";
import { PUBLISHING } from "./publishing.js";
import { READING } from "./reading.js";
import { SERVING } from "./serving.js";

export const MUTANTS: readonly Mutant[] = [...READING, ...SERVING, ...FILLING, ...PUBLISHING];
