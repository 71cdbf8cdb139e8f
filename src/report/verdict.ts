/**
 * The answer to "does the cache pay?" in words, the same on the terminal and on the page.
 * It claims nothing that the lines do not show: time waited for the log against what the hits had cost to load.
 */

import { formatCount, formatDuration, formatShare } from "./format.js";
import type { Account, LogAccount, ReportSummary } from "./summary.js";

/** Of more, the rest are only counted. */
export const MAX_LOGS = 5;

export interface Verdict {
  readonly answer: "yes" | "no" | "nothing to say";
  readonly headline: string;
  /** What a staleness bound would change. */
  readonly breakEven: string;
}

/** @param isIncomplete something could not be read */
export function verdictOn(summary: ReportSummary, isIncomplete = false): Verdict {
  if (summary.invocations === 0) {
    const headline = `No line of scache ${isIncomplete ? "could be read" : "was found"}.`;
    return { answer: "nothing to say", headline, breakEven: "" };
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
  return { answer: net > 0 ? "yes" : "no", headline, breakEven };
}

/** A staleness bound is one log's: no sentence speaks of two. */
function breakEvenOfEach(logs: readonly LogAccount[]): string {
  const sentences = logs.slice(0, MAX_LOGS).map((log) => {
    const { netTimeSavedMs: net } = log;
    const result = net > 0 ? `${formatDuration(net)} saved` : `${formatDuration(-net)} lost`;
    return `${logName(log)}: ${result}, ${breakEvenInShort(log)}.`;
  });
  if (logs.length > MAX_LOGS) sentences.push(`And ${logs.length - MAX_LOGS} more logs.`);
  return sentences.join(" ");
}

/** Which log it is. */
export function logName({ log, logKind }: Pick<LogAccount, "log" | "logKind">): string {
  return `${log} (${logKind})`;
}

function breakEvenOf(account: Account): string {
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
export function breakEvenInShort(account: Pick<Account, "timeSavedMs" | "breakEvenMs">): string {
  if (account.timeSavedMs <= 0) return "saved nothing";
  if (account.breakEvenMs === null) return "would pay under no bound tried";
  return account.breakEvenMs === 0 ? "pays at any bound" : `would pay from ${bound(account.breakEvenMs)}`;
}

const bound = (ms: number) => `maxStalenessMs ${formatCount(ms).replaceAll(",", "_")}`;
const net = (outcome: { netTimeSavedMs: number }) => formatDuration(outcome.netTimeSavedMs);
const lost = (outcome: { netTimeSavedMs: number }) => formatDuration(-outcome.netTimeSavedMs);
