/** What scache adds to a user's minified bundle does not grow unnoticed; `npm run bench:coldstart` holds it against its target. */
import { describe, expect, test } from "@jest/globals";
import { ADDED_KEPT_KB, bundleVariant, sizeOf } from "../../bench/added-bytes.js";

describe("a function's bundle", () => {
  test(`grows by at most ${ADDED_KEPT_KB} KB over the same handler with Middy, Powertools and the Kinesis client`, async () => {
    const [without, withScache] = await Promise.all([bundleVariant("without"), bundleVariant("with")]);
    try {
      const addedKb = sizeOf(withScache).kb - sizeOf(without).kb;
      expect(addedKb).toBeLessThanOrEqual(ADDED_KEPT_KB);
      // Much less would mean that scache was not in it.
      expect(addedKb).toBeGreaterThan(25);
    } finally {
      without.remove();
      withScache.remove();
    }
  });
});
