/**
 * What is stored, together with what keeps older values out: the entries, the fill fence, and what is held off. Every drop
 * goes through here, so that an entry can never be dropped without its loads under way being refused as well.
 */
import type { Clock } from "./clock.js";
import type { DataId } from "./data-id.js";
import { type Entry, EntryStore } from "./entry-store.js";
import { type Epoch, FillFence } from "./fill-fence.js";
import { HoldOff } from "./hold-off.js";
import type { Invalidation } from "./invalidation-record.js";
import type { ResolvedOptions } from "./settings.js";

/** A moment in this environment: its place in the order of events, and the wall clock. */
export interface Moment {
  readonly epoch: Epoch;
  readonly atMs: number;
}

export class FencedStore {
  readonly #clock: Clock;
  readonly #sizeOf: ResolvedOptions["sizeOf"];
  readonly #entries: EntryStore;
  readonly #fence = new FillFence();
  readonly #holdOff: HoldOff;

  constructor(clock: Clock, options: ResolvedOptions) {
    this.#clock = clock;
    this.#sizeOf = options.sizeOf;
    this.#entries = new EntryStore(options);
    this.#holdOff = new HoldOff(options.holdOffMs, clock);
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#entries.bytes;
  }

  /** How many entries the bounds have pushed out, ever. */
  get evictions(): number {
    return this.#entries.evictions;
  }

  /** Whether there is nothing that could be served. */
  isEmpty(nowMs: number): boolean {
    return this.#entries.isEmpty(nowMs);
  }

  /** This moment, after everything before it and before everything after it. */
  now(): Moment {
    this.#fence.advance();
    return this.loadStart();
  }

  /** The moment a load that begins now is said to have begun. */
  loadStart(): Moment {
    return { epoch: this.#fence.loadStart(), atMs: this.#clock.now() };
  }

  /** No load from before this moment will be offered any more; should one be all the same, it is refused. */
  forgetBefore(oldest: Moment): void {
    this.#fence.forgetBefore(oldest.epoch);
    this.#holdOff.forgetBefore(oldest.atMs);
  }

  /** @param notLaterThanMs a time that is certainly not past: an entry that lives longer needs no look at the clock */
  get(key: string, notLaterThanMs: number): Entry | undefined {
    return this.#entries.get(key, this.#clock, notLaterThanMs);
  }

  /** Whether nothing that names this id was invalidated since the load began. */
  permits(id: DataId, load: Moment): boolean {
    const key = id.toString();
    return this.#fence.permits(key, id.source, load.epoch) && !this.#holdOff.holds(key, id.source, load.atMs);
  }

  /** Stores what a load that began at `load` returned, unless it may be older than an invalidation or than what is there. */
  put(id: DataId, value: unknown, load: Moment, savedMs: number, ttlMs: number): boolean {
    if (!this.permits(id, load)) return false;
    const key = id.toString();
    const nowMs = this.#clock.now();
    const present = this.#entries.get(key, this.#clock);
    if (present !== undefined && present.loadEpoch > load.epoch) return false;
    const bytes = this.#sizeOf(value, id);
    if (!Number.isFinite(bytes) || bytes < 0) return false;
    const entry = { value, expiresAtMs: nowMs + ttlMs, savedMs, loadEpoch: load.epoch };
    return this.#entries.set(key, id.source, entry, bytes);
  }

  /** Applies an invalidation: what it names is dropped, and loads of it under way are refused. Returns how many entries went. */
  drop(invalidation: Invalidation): number {
    this.#fence.advance();
    let dropped = 0;
    for (const source of invalidation.sources) dropped += this.#dropSource(source);
    for (const key of invalidation.keys) dropped += this.#dropKey(key);
    if (invalidation.all) dropped += this.#dropAll();
    return dropped;
  }

  /** Forgets everything, loads under way included. */
  flush(): void {
    this.#fence.advance();
    this.#fence.invalidateAll();
    this.#entries.clear();
  }

  #dropKey(key: string): number {
    this.#fence.invalidateKey(key);
    this.#holdOff.holdKey(key);
    return this.#entries.drop(key);
  }

  #dropSource(source: string): number {
    this.#fence.invalidateSource(source);
    this.#holdOff.holdSource(source);
    return this.#entries.dropSource(source);
  }

  #dropAll(): number {
    this.#fence.invalidateAll();
    this.#holdOff.holdAll();
    return this.#entries.clear();
  }
}
