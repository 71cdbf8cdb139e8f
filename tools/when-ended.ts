/**
 * Tells a tool that it is to end: Ctrl-C, a request to terminate, that nobody reads what it prints any more (`npm start | head`),
 * or that the npm it was started by is gone (npm may be killed without its children hearing of it). A second Ctrl-C ends the
 * process at once.
 */
const LOOK_EVERY_MS = 250;

export function whenEnded(stop: () => Promise<unknown> | undefined): void {
  let ended = false;
  const end = () => {
    if (ended) process.exit(130);
    ended = true;
    void Promise.resolve(stop()).finally(() => process.exit(130));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  process.stdout.on("error", () => {
    if (!ended) end();
  });
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (!ended && process.ppid !== parent) end();
  }, LOOK_EVERY_MS).unref();
}
