/** One process of `npm run fleet`: runs one fleet after another, as it is told, and ends with its parent. */
import { rowOf } from "./row.js";
import type { RowRequest } from "./rows.js";
import { runFleet } from "./run.js";

// Nobody reads the stacks of simulated failures, and they cost more than anything else.
Error.stackTraceLimit = 0;
process.on("disconnect", () => process.exit());
process.on("message", async (request: RowRequest) => {
  process.send?.({ row: rowOf(request, await runFleet(request), request.mustHold) });
});
