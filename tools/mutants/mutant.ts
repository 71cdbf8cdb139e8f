/** What a breakage of the protocol is: one rule, and the change of text that breaks it. */

import type { LogKind } from "../../tests/simulation/rare-paths.js";

export interface Mutant {
  /** The rule that is broken, as a sentence about the broken code. */
  readonly name: string;
  /** Relative to the repository. */
  readonly file: string;
  /** Where it is noticed; Kinesis if absent. */
  readonly log?: LogKind;
  /** What has to notice it; the simulation if absent. */
  readonly run?: "simulation" | "staleness";
  /** Must occur exactly once. */
  readonly search: string;
  readonly replace: string;
}

/** The text with the rule broken. @throws Error when the place is not found, or not the only one */
export function breakRule(mutant: Mutant, text: string): string {
  const parts = text.split(mutant.search);
  if (parts.length !== 2) {
    throw new Error(`${mutant.name}: found ${parts.length - 1} times in ${mutant.file}: ${mutant.search}`);
  }
  return parts.join(mutant.replace);
}
