/**
 * Standard output that cannot be written any more: a full disk, or a reader that went away. Whoever runs a command must be told
 * in one line, and its exit code must not say that the command did not do its work: what was published stays published.
 */

/** The work was done, but what there was to say of it could not be written. */
const UNWRITTEN = 3;

let isWatched = false;

/** @param onLost told once, so that a command that would go on for ever ends */
export function watchOutput(onLost: () => void = () => undefined): void {
  process.stdout.once("error", onLost);
  // The report is a program of its own, and a command of the other one, too.
  if (isWatched) return;
  isWatched = true;
  let isLost = false;
  process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    // `scache tail … | head` closes the pipe: that is no failure.
    if (isLost || code === "EPIPE") return;
    isLost = true;
    process.stderr.write(`scache: standard output could not be written: ${message}\n`);
    // Not at once: the command may still find that it has failed, which says more.
    process.once("exit", (exitCode) => {
      if (exitCode === 0) process.exitCode = UNWRITTEN;
    });
  });
  // Nobody can be told of that.
  process.stderr.on("error", () => undefined);
}
