/**
 * What a report was made from, and what of it could not be read, in sentences: the same on the terminal and on the page.
 * A report that leaves something out must say so, or its sums would be taken for the whole.
 */

import { formatCount } from "./format.js";
import type { LogFindings } from "./read-log.js";

export interface ReportSource {
  readonly names: readonly string[];
  /** As they were read, packed or not. */
  readonly bytes: number;
  /** Lines that could not be read, or not in full. */
  readonly damaged: number;
  /** Lines that were there more than once, and count once. */
  readonly repeated?: number;
  /** In which logs something could not be read. */
  readonly unread?: readonly UnreadLog[];
}

export interface UnreadLog {
  readonly name: string;
  readonly damaged: number;
  readonly problems: readonly string[];
}

export type NamedFindings = LogFindings & { readonly name: string };

export function sourceOf(logs: readonly NamedFindings[], bytes: number): ReportSource {
  const sum = (figure: (log: NamedFindings) => number) => logs.reduce((total, log) => total + figure(log), 0);
  return {
    names: logs.map(({ name }) => name),
    bytes,
    damaged: sum(({ damaged }) => damaged),
    repeated: sum(({ repeated }) => repeated),
    unread: logs
      .filter(({ damaged, problems }) => damaged > 0 || problems.length > 0)
      .map(({ name, damaged, problems }) => ({ name, damaged, problems })),
  };
}

/** Whether anything could not be read, so that nobody can say that nothing was there. */
export function isIncomplete(source: ReportSource | undefined): boolean {
  return source !== undefined && (source.damaged > 0 || (source.unread ?? []).length > 0);
}

/** One sentence each. */
export function notesOn({ repeated = 0, unread = [], damaged }: ReportSource): string[] {
  const torn = unread.filter((log) => log.damaged > 0);
  const where = torn.map((log) => `${formatCount(log.damaged)} in ${log.name}`).join(", ");
  return [
    ...unread.flatMap(({ name, problems }) => problems.map((problem) => `Not all of ${name} was read: ${problem}.`)),
    ...(damaged === 0
      ? []
      : [
          `${lines(damaged)} could not be read, or not in full${where === "" ? "" : ` (${where})`}: cut off, mixed with ` +
            "others, or with figures that cannot be. What they counted is missing here.",
        ]),
    ...(repeated === 0 ? [] : [`${lines(repeated)} repeated others, and count once.`]),
  ];
}

const lines = (count: number) => (count === 1 ? "1 line" : `${formatCount(count)} lines`);
