/**
 * What a head says to a reader: where the tip is, and what lies between. Decisions alone, without calls, clock or chance. It
 * must never take an answer for newer than it may be.
 */
import { type Head, isReadable, type UnreadableHead } from "./table-api.js";

/** Where a reader stands: which record is the next to be read. */
export interface Place {
  /** Undefined: there was no head. Whatever head comes to be then is another log. */
  readonly incarnation: string | undefined;
  readonly next: number;
}

/** What an answer means to a reader. */
export type Finding =
  /** It has no place yet: this is the one to take. */
  | { readonly kind: "placed"; readonly tip: Place }
  /** Nothing is written between the place and the tip that the head does not hold. */
  | { readonly kind: "on"; readonly records: readonly Uint8Array[] }
  /** Records between the place and the head's first one are in segments. */
  | { readonly kind: "behind"; readonly head: Head }
  /** The answer is older than the place, which has moved on since it was asked for: it says nothing. */
  | { readonly kind: "old" }
  /** What lies between the place and the tip cannot be known. */
  | { readonly kind: "lost"; readonly why: string; readonly tip: Place }
  /** Where the reader stands there was no log, and now there is one: neither can what it had held before be known. */
  | { readonly kind: "begun"; readonly tip: Place }
  /** Nothing can be known at all. */
  | { readonly kind: "unreadable"; readonly why: string };

/**
 * @param place where the reader stands now
 * @param asked where it stood when the answer was asked for
 */
export function found(
  head: Head | UnreadableHead | undefined,
  place: Place | undefined,
  asked: Place | undefined,
): Finding {
  if (head !== undefined && !isReadable(head)) return { kind: "unreadable", why: head.unreadable };
  const tip = tipOf(head);
  if (place === undefined) return { kind: "placed", tip };
  if (!reaches(tip, place)) {
    if (place !== asked && reaches(tip, asked)) return { kind: "old" };
    if (place.incarnation === undefined) return { kind: "begun", tip };
    return { kind: "lost", why: notReached(tip, place), tip };
  }
  if (head === undefined) return { kind: "on", records: [] };
  if (place.next < head.first) return { kind: "behind", head };
  return { kind: "on", records: head.records.slice(place.next - head.first) };
}

export function tipOf(head: Head | undefined): Place {
  return head === undefined
    ? { incarnation: undefined, next: 0 }
    : { incarnation: head.incarnation, next: head.first + head.records.length };
}

/** Whether a tip is of the place's own log, and no earlier. */
function reaches(tip: Place, place: Place | undefined): boolean {
  return place !== undefined && place.incarnation === tip.incarnation && tip.next >= place.next;
}

function notReached(tip: Place, place: Place): string {
  if (tip.incarnation === undefined) return "the log was deleted";
  return place.incarnation === tip.incarnation ? "the log went back, as after a restore" : "the log was begun anew";
}
