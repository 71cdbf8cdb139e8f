/**
 * Reads a log in DynamoDB: one strong read of the head is the whole reading, unless the reader is further behind than the head
 * goes back; then segments are read up to it.
 *
 * The place moves only past records that were taken, or to the tip of an answer whose reading also emptied the cache. Numbers
 * must follow each other without a gap, within one incarnation. Whatever else an answer shows empties the cache.
 */
import type { Clock } from "../core/clock.js";
import { LogFailure, type LogReader, type Reading } from "../core/log.js";
import { type Finding, found, type Place, tipOf } from "./head.js";
import {
  HEAD_VERSION,
  type Head,
  isReadable,
  MAX_SEGMENT_RECORDS,
  type Segment,
  type SegmentsPage,
  type SegmentsQuery,
  type TableApi,
  type UnreadableHead,
} from "./table-api.js";
import { readToken } from "./token.js";
import { recordsBytes } from "./trimming.js";

/** Reading on costs more than loading again what is cached: 64 read units. */
const MAX_CATCH_UP_BYTES = 262_144;
/** Even of the smallest records that name anything, so many are more than that. */
const MAX_CATCH_UP_RECORDS = MAX_CATCH_UP_BYTES / 32;
/**
 * What is moved at once of a head that nothing holds up is not more than that many of the smallest records. Reading back as far
 * as the largest segment may begin costs three times as much, and nearly always for nothing: where it was needed, a query more.
 */
const ORDINARY_SEGMENT_RECORDS = 34;

/** What the reading of before saw, from which to tell how far behind the next one will be. */
interface Sighting {
  readonly atMs: number;
  readonly tip: Place;
  readonly recordsInHead: number;
  readonly recordsPerMs: number;
}

export function createTableReader(api: TableApi, clock: Clock): LogReader {
  /** Never changed, always replaced: who has waited for something sees whether it is still the same. */
  let place: Place | undefined;
  let sighting: Sighting | undefined;
  let hasRead = false;

  async function readHead(reading: Reading): Promise<void> {
    const { asked, head } = await reading.call(async (signal) => {
      const asked = place;
      return { asked, head: await api.getHead("strong", signal) };
    });
    if (reading.isOver) return;
    hasRead = true;
    see(head);
    await act(found(head, place, asked), reading);
  }

  async function act(finding: Finding, reading: Reading): Promise<void> {
    switch (finding.kind) {
      case "placed":
        place = finding.tip;
        reading.placed();
        return reading.behind(0);
      case "on":
        if (await take(finding.records, reading)) reading.behind(0);
        return;
      case "behind":
        return catchUp(finding.head, reading);
      case "old":
        return;
      case "lost":
        return startAnew(finding.tip, reading, finding.why);
      case "begun":
        return startAnew(finding.tip, reading);
      case "unreadable":
        return refuse(finding.why, reading);
    }
  }

  /** Resolves to whether all were taken. */
  async function take(records: readonly Uint8Array[], reading: Reading): Promise<boolean> {
    const from = place;
    if (from === undefined) {
      // Given up while the answer was on its way.
      reading.fellShort();
      return false;
    }
    if (records.length === 0) return true;
    const taken = await reading.take(records);
    // Something else may have moved it since this reading ended.
    if (place === from) place = { ...from, next: from.next + taken };
    return taken === records.length;
  }

  /** Reads the segments up to the head, then the head itself. */
  async function catchUp(head: Head, reading: Reading): Promise<void> {
    const { incarnation, first } = head;
    const begin = place?.next ?? first;
    if (first - begin > MAX_CATCH_UP_RECORDS) return startAnew(tipOf(head), reading, TOO_FAR);
    const furthest = reachBack(begin, MAX_SEGMENT_RECORDS);
    let from: number | undefined = reachBack(begin, ORDINARY_SEGMENT_RECORDS);
    let wasFurthest = from === furthest;
    let bytes = 0;
    while (from !== undefined && nextOf(place) < first) {
      const query: SegmentsQuery = { incarnation, from, before: first };
      const page: SegmentsPage = await reading.call((signal) => api.querySegments(query, signal));
      if (reading.isOver) return;
      bytes += page.segments.reduce((sum, { records }) => sum + recordsBytes(records), 0);
      if (!(await take(following(page.segments, nextOf(place)), reading))) return;
      if (bytes > MAX_CATCH_UP_BYTES && nextOf(place) < first) return startAnew(tipOf(head), reading, TOO_FAR);
      from = page.next;
      if (from === undefined && nextOf(place) === begin && !wasFurthest) {
        from = furthest;
        wasFurthest = true;
      }
    }
    if (reading.isOver) return;
    if (nextOf(place) < first) return startAnew(tipOf(head), reading, "a part of the log is missing");
    if (await take(head.records.slice(nextOf(place) - first), reading)) reading.behind(0);
  }

  /** What was missed is not known: the cache is emptied, and this is the new place. @param why absent where nothing is wrong */
  function startAnew(tip: Place, reading: Reading, why?: string): void {
    if (reading.isOver) return;
    place = tip;
    reading.lost(why === undefined ? undefined : new LogFailure("lost", why));
  }

  /** Nothing is stored until a version that understands the head reads it. */
  function refuse(why: string, reading: Reading): void {
    const failure = new LogFailure("refused", `the head of the log cannot be understood: ${why}`, {
      remedy: `deploy a version of scache that knows it (this one knows ${HEAD_VERSION}), or find who else writes this item`,
    });
    giveUpPlace(failure, reading);
  }

  function giveUpPlace(failure: LogFailure, reading: Reading): void {
    if (reading.isOver) return;
    const hadPlace = place !== undefined;
    place = undefined;
    // Without a place nothing is stored: there is nothing to lose.
    if (hadPlace) reading.lost(failure);
    else reading.fellShort(failure);
  }

  function see(head: Head | UnreadableHead | undefined): void {
    if (head === undefined || !isReadable(head)) {
      // How fast the log grew that is gone says nothing of the next one.
      sighting = undefined;
      return;
    }
    const [atMs, tip] = [clock.now(), tipOf(head)];
    const elapsedMs = atMs - (sighting?.atMs ?? atMs);
    const isSame = sighting?.tip.incarnation === tip.incarnation && elapsedMs > 0;
    const recordsPerMs = isSame ? Math.max(0, tip.next - nextOf(sighting?.tip)) / elapsedMs : 0;
    sighting = { atMs, tip, recordsInHead: head.records.length, recordsPerMs };
  }

  return {
    get lanes() {
      return hasRead ? 1 : 0;
    },

    isReadByTime: false,

    get isPlaced() {
      return place !== undefined;
    },

    isWarm(nowMs) {
      if (place === undefined) return false;
      if (sighting === undefined) return true;
      const { atMs, recordsInHead, recordsPerMs } = sighting;
      return (nowMs - atMs) * recordsPerMs <= recordsInHead;
    },

    covers(token) {
      const named = readToken(token);
      return named !== undefined && named.incarnation === place?.incarnation && named.number < place.next;
    },

    leave() {
      place = undefined;
    },

    async read(reading) {
      try {
        await readHead(reading);
      } catch (error) {
        if (reading.isOver) return;
        if (error instanceof LogFailure && error.kind === "lost") giveUpPlace(error, reading);
        else reading.fellShort(error);
      }
    },
  };
}

const TOO_FAR = "too much was written since to read on";

/** The segment with the next record in it may begin so much earlier. */
function reachBack(next: number, segmentRecords: number): number {
  return Math.max(0, next - segmentRecords + 1);
}

function nextOf(place: Place | undefined): number {
  return place?.next ?? 0;
}

/** The records from number `next` on, as far as segments follow each other; they may overlap, since writers raced. */
function following(segments: readonly Segment[], next: number): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (const segment of segments) {
    const skipped = next + records.length - segment.first;
    if (skipped < 0) break;
    records.push(...segment.records.slice(skipped));
  }
  return records;
}
