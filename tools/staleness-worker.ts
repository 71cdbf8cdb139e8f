/** One process that runs schedules of the staleness run for `npm run mutants`, tells how it went, and ends with its parent. */
import { runStaleness, type StalenessRequest } from "../tests/staleness/run.js";

process.on("disconnect", () => process.exit());
process.once("message", async (request: StalenessRequest) => {
  const result = await runStaleness(request, (done) => process.send?.({ done }));
  process.send?.({ result }, () => process.disconnect());
});
