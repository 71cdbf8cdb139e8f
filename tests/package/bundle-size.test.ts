/** What scache adds to a user's minified bundle stays within its bound; `npm run bench:coldstart` says how far. */
import { describe, expect, test } from "@jest/globals";
import { ADDED_TARGET_KB, bundleVariant, sizeOf } from "../../bench/added-bytes.js";

describe("a function's bundle", () => {
  test(`grows by at most ${ADDED_TARGET_KB} KB over the same handler with Middy, Powertools and the Kinesis client`, async () => {
    const [without, withScache] = await Promise.all([bundleVariant("without"), bundleVariant("with")]);
    try {
      const addedKb = sizeOf(withScache).kb - sizeOf(without).kb;
      expect(addedKb).toBeLessThanOrEqual(ADDED_TARGET_KB);
      // Much less would mean that scache was not in it.
      expect(addedKb).toBeGreaterThan(25);
    } finally {
      without.remove();
      withScache.remove();
    }
  });
});
