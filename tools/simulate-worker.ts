/** One process of `npm run simulate`: runs the schedules it is given, tells how it went, and ends with its parent. */
import { type RunRequest, runSchedules } from "../tests/simulation/run.js";

process.on("disconnect", () => process.exit());
process.once("message", async (request: RunRequest) => {
  const result = await runSchedules(request, (done) => process.send?.({ done }));
  process.send?.({ result }, () => process.disconnect());
});
