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

/** Applying invalidations gives way to the event loop after this long. */
const SLICE_MS = 3;
/** Keys applied between two looks at the clock. */
const SLICE_KEYS = 256;

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
    this.#holdOff = new HoldOff(options.holdOffMs);
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
    return { epoch: this.#fence.advance(), atMs: this.#clock.now() };
  }

  /** The moment a load that begins now is said to have begun. */
  loadStart(): Moment {
    return { epoch: this.#fence.epoch, atMs: this.#clock.now() };
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

  /** Applies an invalidation of this environment's own making. */
  drop(invalidation: Invalidation): void {
    this.#fence.advance();
    for (const source of invalidation.sources) this.#dropSource(source);
    for (const key of invalidation.keys) this.#dropKey(key);
    if (invalidation.all) this.#dropAll();
  }

  /** Applies what was read from the stream, giving way to the event loop now and then. Returns how many entries went. */
  async apply(invalidations: readonly Invalidation[]): Promise<number> {
    if (invalidations.length === 0) return 0;
    this.#fence.advance();
    let dropped = 0;
    let sliceStart = this.#clock.monotonic();
    let sliceKeys = 0;
    for (const invalidation of invalidations) {
      for (const source of invalidation.sources) dropped += this.#dropSource(source);
      for (const key of invalidation.keys) {
        dropped += this.#dropKey(key);
        if (++sliceKeys < SLICE_KEYS) continue;
        sliceKeys = 0;
        if (this.#clock.monotonic() - sliceStart < SLICE_MS) continue;
        await new Promise<void>((resolve) => this.#clock.after(0, resolve));
        sliceStart = this.#clock.monotonic();
      }
      if (invalidation.all) dropped += this.#dropAll();
    }
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
    this.#holdOff.holdKey(key, this.#clock.now());
    return this.#entries.drop(key);
  }

  #dropSource(source: string): number {
    this.#fence.invalidateSource(source);
    this.#holdOff.holdSource(source, this.#clock.now());
    return this.#entries.dropSource(source);
  }

  #dropAll(): number {
    this.#fence.invalidateAll();
    this.#holdOff.holdAll(this.#clock.now());
    return this.#entries.clear();
  }
}
