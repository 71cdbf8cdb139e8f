/**
 * The report as one page that needs no network: figures, style, script and the plotting library are all inside it.
 * The answer, the cards and the table are plain HTML, so that they are there without a script; only plots are drawn.
 * Whatever a log contained is text on this page, never markup.
 */

import { FIGURES, LOG_KINDS, LOGS, type SummedName } from "../metrics/names.js";
import { formatBytes, formatCount, formatDuration, formatShare, formatTime, inThousandths } from "./format.js";
import { COUNT_NAMES, publishedName, TROUBLES } from "./metric-line.js";
import type { PageAssets } from "./page-assets.js";
import { PAGE_MARK } from "./page-file.js";
import { isIncomplete, notesOn, type ReportSource } from "./source.js";
import type { Account, GroupAccount, ReportSummary } from "./summary.js";
import { logName, MAX_LOGS, verdictOn } from "./verdict.js";

export function renderPage(summary: ReportSummary, source: ReportSource, assets: PageAssets): string {
  const verdict = verdictOn(summary, isIncomplete(source));
  const kind = verdict.answer === "nothing to say" ? "none" : verdict.answer;
  const [answer = "", ...rest] = verdict.headline.split(/(?<=^\w+):/);
  const headline = rest.length === 0 ? escaped(answer) : `<b>${escaped(answer)}</b>:${escaped(rest.join(""))}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${PAGE_MARK}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Does the cache pay?</title>
<style>${assets.libraryStyle}
${assets.style}</style>
</head>
<body>
<header class="${kind}">
<h1>Does the cache pay?</h1>
<p class="headline">${headline}</p>
<p class="soft">${escaped(verdict.breakEven)} ${escaped(verdict.reading)}</p>
${notes(source)}
</header>
${summary.invocations === 0 ? "" : body(summary)}
${footer(summary, source)}
<script type="application/json" id="data">${inScript(figures(summary))}</script>
<script>${assets.library}</script>
<script>${assets.script}</script>
</body>
</html>
`;
}

function body(summary: ReportSummary): string {
  const options = summary.groups.map((group, at) => `<option value="${at}">${escaped(nameOf(group))}</option>`);
  const pick =
    options.length < 2
      ? ""
      : `<p class="pick"><label>Show <select id="group"><option value="">everything</option>${options.join("")}</select></label></p>`;
  return `<section class="cards">${cards(summary)}</section>
${pick}
<section class="plots">
${figure("net", "Net time saved", `saved by hits − waited for the log, per <span id="width">${formatDuration(summary.bucketMs)}</span>`)}
${figure("hits", "Hit rate", "hits of all gets")}
${figure("waits", "Waiting for the log", "of the invocations that waited")}
${figure("bounds", "What another staleness bound would bring", "the same lines, replayed; see below")}
${figure("traffic", "Invocations", "lines found in the log")}
${figure("trouble", "Trouble", TROUBLES.map((name) => FIGURES[name].label).join(", "))}
</section>
<section class="table">${table(summary.groups)}</section>
<details><summary>All figures</summary>${figureList(summary)}</details>
${MODEL}`;
}

function cards(account: Account): string {
  const net = account.netTimeSavedMs;
  const bypassed = (account.states.bypassed ?? 0) / Math.max(1, account.invocations);
  return [
    card("Net time saved", formatDuration(net), net < 0 ? "loss" : "gain"),
    card("Hit rate", formatShare(account.hitRate)),
    card("Saved by hits", formatDuration(account.timeSavedMs)),
    card("Waited for the log", formatDuration(account.waitedMs)),
    card("Wait p50", brief(account.waitP50Ms)),
    card("Wait p99", brief(account.waitP99Ms)),
    card("Bypassed", formatShare(bypassed), bypassed > 0.01 ? "loss" : undefined),
  ].join("");
}

function card(label: string, value: string, kind?: "gain" | "loss"): string {
  return `<div class="card"><span>${label}</span><strong${kind === undefined ? "" : ` class="${kind}"`}>${escaped(value)}</strong></div>`;
}

function figure(id: string, title: string, note: string): string {
  return `<figure><figcaption>${title}<small>${note}</small></figcaption><div id="${id}"></div></figure>`;
}

function table(groups: readonly GroupAccount[]): string {
  const heads = ["Service · function on log", "Invocations", "Hit rate", "Saved", "Waited", "Net", "Wait p50", "p99"];
  const rows = groups.map((group) => {
    const net = group.netTimeSavedMs;
    const cells = [
      formatCount(group.invocations),
      formatShare(group.hitRate),
      formatDuration(group.timeSavedMs),
      formatDuration(group.waitedMs),
      `<span class="${net < 0 ? "loss" : "gain"}">${formatDuration(net)}</span>`,
      brief(group.waitP50Ms),
      brief(group.waitP99Ms),
      boundOf(group),
    ];
    return `<tr><td>${escaped(nameOf(group))}</td>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  const head = [...heads, "Pays from maxStalenessMs"].map((name) => `<th>${name}</th>`).join("");
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

/** Everything that was added up, and how much of it fell to an invocation. */
function figureList(summary: ReportSummary): string {
  const kinds = new Set(summary.logs.map(({ logKind }) => logKind));
  const absent = LOG_KINDS.filter((kind) => !kinds.has(kind)).map((kind): SummedName => LOGS[kind].waited);
  const items = COUNT_NAMES.filter((name) => !absent.includes(name)).map((name) => {
    const { label, unit } = FIGURES[name];
    const [sum, mean] = [summary[name], summary[name] / summary.invocations];
    const told = unit === "ms" ? [sum, mean].map(formatDuration) : [formatCount(sum), mean.toFixed(2)];
    return `<div><dt>${label} <code>${publishedName(name)}</code></dt>${told.map((text) => `<dd>${text}</dd>`).join("")}</div>`;
  });
  return `<dl><div><dt></dt><dd>in all</dd><dd>an invocation</dd></div>${items.join("")}</dl>`;
}

function boundOf(group: GroupAccount): string {
  if (!group.isInOrder) return "–";
  if (group.breakEvenMs === null) return group.timeSavedMs > 0 ? "none tried" : "–";
  return group.breakEvenMs === 0 ? "any" : formatCount(group.breakEvenMs);
}

/** Beside the answer, since the answer leaves out what could not be read. */
function notes(source: ReportSource): string {
  return notesOn(source)
    .map((note) => `<p class="note">${escaped(note)}</p>`)
    .join("");
}

function footer(summary: ReportSummary, { names, bytes }: ReportSource): string {
  const range =
    summary.invocations === 0
      ? ""
      : ` from ${formatTime(summary.firstMs, true)} to ${formatTime(summary.lastMs, true)} UTC`;
  const merged = summary.groupsMerged === 0 ? "" : ` “others” holds ${summary.groupsMerged} more functions.`;
  const from = `${formatCount(summary.invocations)} lines${range}, found in ${formatBytes(bytes)} of ${names.join(", ")}.`;
  return `<footer>${escaped(from)}${merged} Plots drawn by uPlot (MIT licence).</footer>`;
}

const MODEL = `<details><summary>How the other staleness bounds are worked out</summary>
<p>The lines are replayed under each bound. With <code>maxStalenessMs: s</code> a cache reads its log only when its last
proof is older than s, so each cache's invocations are gone through in order, and those that would find an older proof
count as waiting: as long as they did wait, or as long as such a wait took on average. What hits saved is taken as it was,
although a longer bound saves a little more. Bounds are promises about age: choose the largest your users can live with,
not the one that saves most.</p></details>`;

const nameOf = (group: GroupAccount) =>
  `${[...new Set([group.service, group.functionName])].join(" · ")} on ${logName(group)}`;
const brief = (ms: number | null) => (ms === null ? "–" : formatDuration(ms));

function figures(summary: ReportSummary): unknown {
  const { groups, logs, ...all } = summary;
  const troubles = TROUBLES.map((name) => ({ name, label: FIGURES[name].label }));
  const told = logs.filter(({ isInOrder }) => isInOrder).slice(0, MAX_LOGS);
  const replays = told.map((log) => ({ label: logs.length === 1 ? "net" : logName(log), bounds: log.bounds }));
  return { all: { ...all, replays }, groups: groups.length < 2 ? [] : groups, troubles };
}

function escaped(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** JSON that cannot end the script element it stands in. */
function inScript(value: unknown): string {
  return JSON.stringify(value, inThousandths).replaceAll("<", "\\u003c");
}
