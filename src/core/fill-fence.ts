/**
 * Keeps a value that was loaded before an invalidation from being stored after it.
 *
 * One counter, the epoch, orders everything that happens in this environment: each invocation that begins and each
 * invalidation that is applied gets the next epoch. A load remembers the epoch at which it may have begun; it may be
 * stored only if nothing that names its id was invalidated in a later one.
 *
 * Invalidations are remembered only while an older load can still be under way. Forgetting early is always safe: the
 * floor rises, and loads from below it are refused. So the memory is bounded, and a mistake about which loads are still
 * running costs a miss, never a stale read.
 */

/** An epoch: larger is later, within one environment. */
export type Epoch = number;

/** Beyond this many remembered invalidations, all loads under way are refused instead. */
const MAX_REMEMBERED = 10_000;

export class FillFence {
  readonly #keys = new Map<string, Epoch>();
  readonly #sources = new Map<string, Epoch>();
  #epoch: Epoch = 0;
  #floor: Epoch = 0;
  /** When the last load began. */
  #lastLoad: Epoch = 0;
  /** Of the latest invalidation remembered. */
  #latest: Epoch = 0;

  get remembered(): number {
    return this.#keys.size + this.#sources.size;
  }

  /** Starts the next epoch. */
  advance(): void {
    this.#epoch++;
  }

  /** This epoch, for a load that begins now, or may have. */
  loadStart(): Epoch {
    this.#lastLoad = this.#epoch;
    return this.#epoch;
  }

  /** The datum changed in this epoch. */
  invalidateKey(key: string): void {
    this.#remember(this.#keys, key);
  }

  /** Every datum of the source changed in this epoch. */
  invalidateSource(source: string): void {
    this.#remember(this.#sources, source);
  }

  /** Everything changed: no load that began before this epoch may be stored. */
  invalidateAll(): void {
    this.#floor = this.#epoch;
    this.#keys.clear();
    this.#sources.clear();
  }

  /** Whether a load that began in `loadEpoch` may still be stored. */
  permits(key: string, source: string, loadEpoch: Epoch): boolean {
    if (loadEpoch < this.#floor) return false;
    if (loadEpoch >= this.#latest) return true;
    return (this.#keys.get(key) ?? 0) <= loadEpoch && (this.#sources.get(source) ?? 0) <= loadEpoch;
  }

  /** No load that matters began before `oldest`: forgets what only such loads had to know, and refuses them. */
  forgetBefore(oldest: Epoch): void {
    if (oldest > this.#floor) this.#floor = oldest;
    forget(this.#keys, oldest);
    forget(this.#sources, oldest);
  }

  /** Keeps the map in order of epochs, so that forgetting stops at the first one still needed. */
  #remember(map: Map<string, Epoch>, name: string): void {
    // Every load there is has been refused already: a backlog of a million is not worth remembering.
    if (this.#floor > this.#lastLoad) return;
    if (this.remembered >= MAX_REMEMBERED) this.invalidateAll();
    map.delete(name);
    map.set(name, this.#epoch);
    this.#latest = this.#epoch;
  }
}

function forget(map: Map<string, Epoch>, oldest: Epoch): void {
  for (const [name, epoch] of map) {
    if (epoch > oldest) return;
    map.delete(name);
  }
}
