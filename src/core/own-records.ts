/**
 * Tells the records that this environment has written itself from those of others. It has dropped what they name before it
 * published them and once more when that had ended, and its fill fence refuses what was loaded until then: read back, they
 * say nothing new, and would only drop what was loaded since. So a write costs its environment one miss, not two.
 *
 * It rests on a nonce that no other environment has. It must never be drawn before the environment is its own: a process may
 * be copied after its initialisation.
 */
import { encodeJson } from "./record.js";

export interface OwnRecords {
  /** Written into each record; drawn when the first one is published. */
  readonly nonce: string;
  /** Whether this environment has written the record. */
  wrote(record: Uint8Array): boolean;
}

/** @param newNonce a text that no other environment draws, of letters and digits */
export function createOwnRecords(newNonce: () => string): OwnRecords {
  let nonce: string | undefined;
  /** How each of our records ends: the nonce is its last field. */
  let ending: Uint8Array = new Uint8Array();

  return {
    get nonce() {
      if (nonce === undefined) {
        nonce = newNonce();
        ending = encodeJson({ by: nonce }).subarray(1);
      }
      return nonce;
    },

    wrote(record) {
      const start = record.length - ending.length;
      return ending.length > 0 && start > 0 && ending.every((byte, index) => record[start + index] === byte);
    },
  };
}
