/** What a record of a log says, as one line for a person and as an object for a program. Decisions only. */
import { parseDataId } from "../core/data-id.js";
import { decodeRecord } from "../core/record.js";

/** What one record says. */
export interface ToldRecord {
  /** When it was published, where it says so, else when it was read. */
  readonly at: string;
  readonly ids: readonly { readonly source: string; readonly id: string }[];
  readonly sources: readonly string[];
  readonly all: boolean;
  /** Why it means everything to every reader. */
  readonly notUnderstood?: string;
}

/** So many ids of one source stand in a line, and so many sources. */
const NAMES_IN_A_LINE = 20;
/** A larger record is not read a second time for the time it was published. */
const SMALL_BYTES = 2 ** 15;

export function toldBy(data: Uint8Array, readAtMs: number): ToldRecord {
  const ids: { source: string; id: string }[] = [];
  const sources: string[] = [];
  let all = false;
  let notUnderstood: string | undefined;
  for (const part of decodeRecord(data)) {
    for (const key of part.keys) {
      const { source, id } = parseDataId(key);
      ids.push({ source, id });
    }
    sources.push(...part.sources);
    all ||= part.all;
    notUnderstood ??= part.notUnderstood;
  }
  const at = new Date(publishedAtMs(data) ?? readAtMs).toISOString();
  return { at, ids, sources, all, ...(notUnderstood === undefined ? {} : { notUnderstood }) };
}

export function lineOf({ at, ids, sources, all, notUnderstood }: ToldRecord): string {
  return `${at}  ${notUnderstood === undefined ? changesInWords(ids, sources, all) : `not understood: ${plain(notUnderstood)}`}`;
}

/** What has changed, in words. */
export function changesInWords(ids: ToldRecord["ids"], sources: readonly string[], all: boolean): string {
  const bySource = new Map<string, string[]>();
  for (const { source, id } of ids) bySource.set(source, [...(bySource.get(source) ?? []), word(id)]);
  const told = [...bySource].map(([source, names]) => `${word(source)} ${shortened(names)}`);
  told.push(...sources.slice(0, NAMES_IN_A_LINE).map((source) => `all of ${word(source)}`));
  if (sources.length > NAMES_IN_A_LINE) told.push(`all of ${sources.length - NAMES_IN_A_LINE} more sources`);
  if (all) told.push("everything");
  return told.length === 0 ? "nothing" : told.join("; ");
}

function shortened(names: readonly string[]): string {
  const more = names.length - NAMES_IN_A_LINE;
  return names.slice(0, NAMES_IN_A_LINE).join(" ") + (more > 0 ? ` and ${more} more` : "");
}

/** As it is, where nothing in it can be taken for something else. */
function word(text: string): string {
  return /^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(text) && !/["';]/.test(text) ? text : JSON.stringify(plain(text));
}

/** What would move a terminal's cursor is written out. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

function publishedAtMs(data: Uint8Array): number | undefined {
  if (data.length > SMALL_BYTES) return undefined;
  try {
    const { ts } = JSON.parse(new TextDecoder().decode(data)) as { readonly ts?: unknown };
    const atMs = typeof ts === "string" ? Date.parse(ts) : Number.NaN;
    return Number.isNaN(atMs) ? undefined : atMs;
  } catch {
    return undefined;
  }
}
