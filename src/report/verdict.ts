/**
 * The answer to "does the cache pay?" in words, the same on the terminal and on the page.
 * It claims nothing that the lines do not show: time waited for the log against what the hits had cost to load.
 */

import { formatCount, formatDuration, formatShare } from "./format.js";
import type { ReadingOutcome } from "./reading-replay.js";
import type { Account, GroupAccount, LogAccount, ReportSummary } from "./summary.js";

/** Of more, the rest are only counted. */
export const MAX_LOGS = 5;

const NOT_IN_ORDER =
  "What another maxStalenessMs would bring is not told, since the lines are not in the order of their times: read them " +
  "oldest first (Logs Insights: sort @timestamp asc; of several files, the oldest first).";

/** Less of a change is none. */
const WORTH_TELLING = 0.05;

export interface Verdict {
  readonly answer: "yes" | "no" | "nothing to say";
  readonly headline: string;
  /** What a staleness bound would change. */
  readonly breakEven: string;
  /** What reading the log at another moment would change. Empty where nothing is known of that. */
  readonly reading: string;
}

/** @param isIncomplete something could not be read */
export function verdictOn(summary: ReportSummary, isIncomplete = false): Verdict {
  if (summary.invocations === 0) {
    const headline = `No line of scache ${isIncomplete ? "could be read" : "was found"}.`;
    return { answer: "nothing to say", headline, breakEven: "", reading: "" };
  }
  const net = summary.netTimeSavedMs;
  const each = formatDuration(Math.abs(net) / summary.invocations);
  const balance = `${formatDuration(summary.timeSavedMs)} saved − ${formatDuration(summary.waitedMs)} waited`;
  const hits = summary.hitRate === null ? "no gets" : `${formatShare(summary.hitRate)} hits`;
  const over = `over ${formatCount(summary.invocations)} invocations, ${hits}`;
  const headline =
    net > 0
      ? `Yes: ${formatDuration(net)} of waiting saved, net (${balance}), ${each} an invocation ${over}.`
      : `No: ${formatDuration(-net)} lost (${balance}), ${each} an invocation ${over}.`;
  const breakEven = summary.logs.length > 1 ? breakEvenOfEach(summary.logs) : breakEvenOf(summary);
  return { answer: net > 0 ? "yes" : "no", headline, breakEven, reading: readingOfEach(summary.groups) };
}

/** When the log is read is a function's own setting. */
function readingOfEach(groups: readonly GroupAccount[]): string {
  const told = groups.filter(({ reading }) => reading !== null).slice(0, MAX_LOGS);
  const name = ({ functionName }: GroupAccount) => (groups.length === 1 ? "" : `${functionName}: `);
  return told.map((group) => name(group) + readingOf(group.reading)).join(" ");
}

function readingOf(reading: ReadingOutcome | null): string {
  if (reading === null) return "";
  const { was, costMs, otherMs } = reading;
  if (was === "beside")
    return `With refreshWhen "before" about ${formatDuration(otherMs)} or more would have been waited; now it is ${formatDuration(costMs)}, loads in place of waiting included.`;
  const gainMs = costMs - otherMs;
  if (gainMs < WORTH_TELLING * costMs)
    return `With refreshWhen "alongside" it would have waited no longer; how much less, these lines do not tell.`;
  return `With refreshWhen "alongside" about ${formatDuration(gainMs)} less would have been waited, or better, for more loads of the source.`;
}

/** A staleness bound is one log's: no sentence speaks of two. */
function breakEvenOfEach(logs: readonly LogAccount[]): string {
  const sentences = logs.slice(0, MAX_LOGS).map((log) => {
    const { netTimeSavedMs: net } = log;
    const result = net > 0 ? `${formatDuration(net)} saved` : `${formatDuration(-net)} lost`;
    return `${logName(log)}: ${result}, ${breakEvenInShort(log)}.`;
  });
  if (logs.length > MAX_LOGS) sentences.push(`And ${logs.length - MAX_LOGS} more logs.`);
  if (logs.some(({ isInOrder }) => !isInOrder)) sentences.push(NOT_IN_ORDER);
  return sentences.join(" ");
}

/** Which log it is. */
export function logName({ log, logKind }: Pick<LogAccount, "log" | "logKind">): string {
  return `${log} (${logKind})`;
}

function breakEvenOf(account: Account): string {
  if (!account.isInOrder) return NOT_IN_ORDER;
  if (account.timeSavedMs <= 0) return "No staleness bound would make it pay: there were no hits that saved anything.";
  const best = account.bounds.at(-1);
  if (account.breakEvenMs === null) {
    const left = best === undefined ? "" : `: at ${bound(best.maxStalenessMs)} it would still lose ${lost(best)}`;
    return `No staleness bound tried would make it pay${left}.`;
  }
  if (account.breakEvenMs === 0) {
    const more = account.bounds.find((outcome) => outcome.maxStalenessMs === 1_000);
    const gain = more === undefined ? "" : ` With ${bound(1_000)} the net would be ${net(more)}.`;
    return `It pays even when the log is read in every invocation (maxStalenessMs 0).${gain}`;
  }
  const least = account.bounds.find((outcome) => outcome.maxStalenessMs === account.breakEvenMs);
  const result = least === undefined ? "" : `, with ${net(least)} net`;
  return `It would pay from ${bound(account.breakEvenMs)} on${result}.`;
}

/** The same in a few words, for a line among others. */
export function breakEvenInShort(account: Pick<Account, "timeSavedMs" | "breakEvenMs" | "isInOrder">): string {
  if (!account.isInOrder) return "lines not in order";
  if (account.timeSavedMs <= 0) return "saved nothing";
  if (account.breakEvenMs === null) return "would pay under no bound tried";
  return account.breakEvenMs === 0 ? "pays at any bound" : `would pay from ${bound(account.breakEvenMs)}`;
}

const bound = (ms: number) => `maxStalenessMs ${formatCount(ms).replaceAll(",", "_")}`;
const net = (outcome: { netTimeSavedMs: number }) => formatDuration(outcome.netTimeSavedMs);
const lost = (outcome: { netTimeSavedMs: number }) => formatDuration(-outcome.netTimeSavedMs);
