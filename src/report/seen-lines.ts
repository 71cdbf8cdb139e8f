/**
 * Tells a line that was read before from a new one: logs are exported again, with times that overlap, and put together.
 * An invocation writes one line for each cache, so the request and the cache name it. With the time and the figures, a
 * repeat of Lambda's, which keeps the request's id, is another line. Lines that lack a name are all taken to be new.
 *
 * What is remembered of a line are 64 bits. Memory is bounded: of more than four million lines, the oldest are forgotten.
 */

import type { MetricLine } from "./metric-line.js";

const FIRST_SLOTS = 1 << 16;
const MAX_LINES = 1 << 22;

export class SeenLines {
  #recent = new HashSet();
  #older = new HashSet();
  readonly #maxLines: number;

  constructor(maxLines: number = MAX_LINES) {
    this.#maxLines = maxLines;
  }

  /** Whether the line was seen before; from now on it was. */
  isRepeated(line: MetricLine): boolean {
    if (line.requestId === undefined || line.environment === undefined) return false;
    const { hits, misses, timeSavedMs } = line.counts;
    const figures = `${line.timestampMs} ${hits} ${misses} ${timeSavedMs}`;
    const name = `${line.requestId}\n${line.environment}\n${line.functionName}\n${figures}`;
    const high = hashOf(name, 0x9747b28c);
    const low = hashOf(name, 0x3c6ef372);
    if (this.#recent.has(high, low) || this.#older.has(high, low)) return true;
    if (this.#recent.size >= this.#maxLines) {
      this.#older = this.#recent;
      this.#recent = new HashSet();
    }
    this.#recent.add(high, low);
    return false;
  }
}

/** Pairs of 32 bits, in open addressing: eight bytes a slot, at most two thirds of them full. */
class HashSet {
  #slots = new Uint32Array(2 * FIRST_SLOTS);
  size = 0;

  has(high: number, low: number): boolean {
    const at = this.#slotOf(high, low);
    return this.#slots[at] !== 0 || this.#slots[at + 1] !== 0;
  }

  add(high: number, low: number): void {
    const at = this.#slotOf(high, low);
    this.#slots[at] = high;
    this.#slots[at + 1] = low;
    this.size += 1;
    if (this.size * 3 > this.#slots.length) this.#grow();
  }

  /** Where it is, or would be put. */
  #slotOf(high: number, low: number): number {
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const [one, other] = [slots[2 * slot], slots[2 * slot + 1]];
      if ((one === high && other === low) || (one === 0 && other === 0)) return 2 * slot;
    }
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(2 * before.length);
    for (let at = 0; at < before.length; at += 2) {
      const [high = 0, low = 0] = [before[at], before[at + 1]];
      if (high === 0 && low === 0) continue;
      const to = this.#slotOf(high, low);
      this.#slots[to] = high;
      this.#slots[to + 1] = low;
    }
  }
}

/** Mixes in every character, and once more at the end. */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x5bd1e995);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
