/** What a command of the command line is, and what it is lent. */

export interface Command {
  /** The whole text of `--help`. */
  readonly usage: string;
  /**
   * @returns the exit code: 0, or 1 when it did not succeed and has said so
   * @throws WrongUsage, NotDone, or anything: whoever runs it puts it into words
   */
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

export interface Terminal {
  /** A line of what was asked for. */
  out(text: string): void;
  /** A line beside it, for the person who looks on. */
  note(text: string): void;
  /** Aborted by Ctrl-C. */
  readonly ended: AbortSignal;
}

/** It was tried, and did not succeed. */
export class NotDone extends Error {}
