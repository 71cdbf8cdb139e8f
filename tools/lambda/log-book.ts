/**
 * Gives each invocation the lines its process printed for it. The process marks where an invocation's log ends; answer
 * and log come by different ways, so either may arrive first.
 */

const END_OF_LOG = "\u0001end ";

type Settle = (logs: readonly string[]) => void;

export class LogBook {
  /** Answered, but their log has not been read to its end. */
  readonly #waiting = new Map<string, Settle>();
  /** Logs read to their end before the answer was. */
  readonly #complete = new Map<string, readonly string[]>();
  #lines: string[] = [];

  /** Takes a line of output; false for a mark, which is not the function's. */
  add(line: string): boolean {
    if (!line.startsWith(END_OF_LOG)) {
      this.#lines.push(line);
      return true;
    }
    const requestId = line.slice(END_OF_LOG.length);
    const settle = this.#waiting.get(requestId);
    this.#waiting.delete(requestId);
    if (settle === undefined) this.#complete.set(requestId, this.#lines);
    else settle(this.#lines);
    this.#lines = [];
    return false;
  }

  /** Calls `settle` with the invocation's log, as soon as it has been read to its end. */
  whenComplete(requestId: string, settle: Settle): void {
    const logs = this.#complete.get(requestId);
    this.#complete.delete(requestId);
    if (logs === undefined) this.#waiting.set(requestId, settle);
    else settle(logs);
  }

  /** The process is gone: what it printed last belongs to whoever is still waiting. Returns it. */
  close(): readonly string[] {
    const logs = this.#lines;
    this.#lines = [];
    for (const settle of this.#waiting.values()) settle(logs);
    this.#waiting.clear();
    this.#complete.clear();
    return logs;
  }
}
