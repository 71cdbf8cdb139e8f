/**
 * What catching up with the log can show about the entries, in words that whoever serves them can decide by.
 */

/** What catching up has shown about the entries. */
export type Proof =
  /** What is stored was valid that long before the invocation began, or is later. */
  | { readonly state: "fresh"; readonly ageMs: number; readonly failure?: undefined }
  /** Nothing was stored. Where the log could not even be begun to be read, why: then nothing can be stored, either. */
  | { readonly state: "empty"; readonly ageMs: 0; readonly failure?: Failure }
  /** Not known; the last proof is that old. */
  | { readonly state: "unknown"; readonly ageMs: number; readonly failure: Failure };

/** A proof, and how long the log was waited for to get it. */
export type CatchUp = Proof & { readonly waitedMs: number };

/** Nothing is stored: nothing to prove. */
export const EMPTY = { state: "empty", ageMs: 0 } as const;

/** Why the log could not be read to its tip. */
export interface Failure {
  readonly reason: string;
  readonly cause?: unknown;
}
