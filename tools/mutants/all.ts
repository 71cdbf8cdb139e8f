/** Every breakage of the protocol that there is. */
import { AUDITING } from "./audit.js";
import { CHANGE_DATA } from "./cdc.js";
import { FILLING } from "./filling.js";
import type { Mutant } from "./mutant.js";
import { PUBLISHING } from "./publishing.js";
import { OF_READING } from "./reading.js";
import { READING_BESIDE } from "./reading-beside.js";
import { SERVING } from "./serving.js";
import { OF_THE_TABLE } from "./table.js";
import { OF_TOKENS } from "./tokens.js";

export const MUTANTS: readonly Mutant[] = [
  ...OF_READING,
  ...SERVING,
  ...READING_BESIDE,
  ...FILLING,
  ...PUBLISHING,
  ...OF_THE_TABLE,
  ...AUDITING,
  ...OF_TOKENS,
  ...CHANGE_DATA,
];
