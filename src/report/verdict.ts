/**
 * The answer to "does the cache pay?" in words, the same on the terminal and on the page.
 * It claims nothing that the lines do not show: time waited for the stream against what the hits had cost to load.
 */

import { formatCount, formatDuration, formatShare } from "./format.js";
import type { Account } from "./summary.js";

export interface Verdict {
  readonly answer: "yes" | "no" | "nothing to say";
  readonly headline: string;
  /** What a staleness bound would change. */
  readonly breakEven: string;
}

/** @param isIncomplete something could not be read */
export function verdictOn(account: Account, isIncomplete = false): Verdict {
  if (account.invocations === 0) {
    const headline = `No line of scache ${isIncomplete ? "could be read" : "was found"}.`;
    return { answer: "nothing to say", headline, breakEven: "" };
  }
  const net = account.netTimeSavedMs;
  const each = formatDuration(Math.abs(net) / account.invocations);
  const balance = `${formatDuration(account.timeSavedMs)} saved − ${formatDuration(account.kinesisLatencyMs)} waited`;
  const hits = account.hitRate === null ? "no gets" : `${formatShare(account.hitRate)} hits`;
  const over = `over ${formatCount(account.invocations)} invocations, ${hits}`;
  const headline =
    net > 0
      ? `Yes: ${formatDuration(net)} of waiting saved, net (${balance}), ${each} an invocation ${over}.`
      : `No: ${formatDuration(-net)} lost (${balance}), ${each} an invocation ${over}.`;
  return { answer: net > 0 ? "yes" : "no", headline, breakEven: breakEvenOf(account) };
}

function breakEvenOf(account: Account): string {
  if (account.timeSavedMs <= 0) return "No staleness bound would make it pay: there were no hits that saved anything.";
  const best = account.bounds.at(-1);
  if (account.breakEvenMs === null) {
    const left = best === undefined ? "" : `: at ${bound(best.maxStalenessMs)} it would still lose ${net(best)}`;
    return `No staleness bound tried would make it pay${left}.`;
  }
  if (account.breakEvenMs === 0) {
    const more = account.bounds.find((outcome) => outcome.maxStalenessMs === 1_000);
    const gain = more === undefined ? "" : ` With ${bound(1_000)} the net would be ${net(more)}.`;
    return `It pays even when the stream is read in every invocation (maxStalenessMs 0).${gain}`;
  }
  const least = account.bounds.find((outcome) => outcome.maxStalenessMs === account.breakEvenMs);
  const result = least === undefined ? "" : `, with ${net(least)} net`;
  return `It would pay from ${bound(account.breakEvenMs)} on${result}.`;
}

/** The same in a few words, for a line among others. */
export function breakEvenInShort(account: Account): string {
  if (account.timeSavedMs <= 0) return "saved nothing";
  if (account.breakEvenMs === null) return "would pay under no bound tried";
  return account.breakEvenMs === 0 ? "pays at any bound" : `would pay from ${bound(account.breakEvenMs)}`;
}

const bound = (ms: number) => `maxStalenessMs ${formatCount(ms).replaceAll(",", "_")}`;
const net = (outcome: { netTimeSavedMs: number }) => formatDuration(outcome.netTimeSavedMs);
