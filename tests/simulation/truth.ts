/**
 * What is true, kept outside the code under test: the source's versions, when each change was acknowledged, and what the
 * log really holds. The oracle judges by this and by nothing else.
 */
import type { DataId } from "../../src/core/data-id.js";

/** What the source returns and the cache holds. */
export interface Value {
  readonly key: string;
  readonly version: number;
  /** Of the load, not of the datum. */
  readonly stamp?: number;
}

/** A value of which only that it is on or off can be seen by comparing: it is as it was after two changes. */
class Flag implements Value {
  readonly key: string;
  readonly isOn: boolean;
  readonly #version: number;

  constructor(key: string, version: number) {
    this.key = key;
    this.isOn = version % 2 === 1;
    this.#version = version;
  }

  get version(): number {
    return this.#version;
  }
}

export function isSame(one: Value, other: Value): boolean {
  if (one instanceof Flag && other instanceof Flag) return one.isOn === other.isOn;
  return one.version === other.version && one.stamp === other.stamp;
}

/** What a source adds to its values that is no change of the datum, or that all it says of it is on or off. */
export type Stamp = "flag" | ((nowMs: number) => number);

/** The moment from which nobody who begins later may be served a version older than `version`. */
export interface Acknowledgement {
  readonly version: number;
  readonly order: number;
  readonly atMs: number;
}

export class Datum {
  readonly id: DataId;
  readonly key: string;
  /** When each version was written. */
  readonly #writtenMs: number[];
  readonly #acknowledged: Acknowledgement[] = [];

  readonly #stamp: Stamp | undefined;

  constructor(id: DataId, nowMs: number, stamp?: Stamp) {
    this.id = id;
    this.key = id.toString();
    this.#stamp = stamp;
    this.#writtenMs = [nowMs];
  }

  /** Changes the datum at the source; returns its new version. */
  write(nowMs: number): number {
    return this.#writtenMs.push(nowMs) - 1;
  }

  /** What the source says, or a replica that is `lagMs` behind it. */
  read(nowMs: number, lagMs: number): Value {
    let version = this.#writtenMs.length - 1;
    while (version > 0 && (this.#writtenMs[version] ?? 0) > nowMs - lagMs) version--;
    if (this.#stamp === "flag") return new Flag(this.key, version);
    const stamp = this.#stamp?.(nowMs);
    return { key: this.key, version, ...(stamp !== undefined && { stamp }) };
  }

  acknowledge(acknowledgement: Acknowledgement): void {
    this.#acknowledged.push(acknowledgement);
  }

  /** The first acknowledgement after `sinceOrder` that made `version` too old to be served. */
  outdated(version: number, sinceOrder: number): Acknowledgement | undefined {
    return this.#acknowledged.find((ack) => ack.version > version && ack.order > sinceOrder);
  }

  /** Whether of the versions above `version` up to `last` one was acknowledged so soon after it was written. */
  isPublishedWithin(delayMs: number, version: number, last: number, sinceOrder: number): boolean {
    return this.#acknowledged.some((ack) => {
      if (ack.version <= version || ack.version > last || ack.order <= sinceOrder) return false;
      return ack.atMs - (this.#writtenMs[ack.version] ?? 0) <= delayMs;
    });
  }
}

/** Every record the log has taken, read without the package's own decoder. */
export class Ledger {
  readonly #writtenAt = new Map<string, number>();

  record(data: Uint8Array, order: number): void {
    let content: unknown;
    try {
      content = JSON.parse(new TextDecoder().decode(data));
    } catch {
      return;
    }
    const { keys, sources, all } = (content ?? {}) as { keys?: unknown; sources?: unknown; all?: unknown };
    for (const key of list(keys)) this.#writtenAt.set(`key ${key}`, order);
    for (const source of list(sources)) this.#writtenAt.set(`source ${source}`, order);
    if (all === true) this.#writtenAt.set("all", order);
  }

  holdsKey(key: string, sinceOrder: number): boolean {
    return (this.#writtenAt.get(`key ${key}`) ?? 0) >= sinceOrder;
  }

  holdsSource(source: string, sinceOrder: number): boolean {
    return (this.#writtenAt.get(`source ${source}`) ?? 0) >= sinceOrder;
  }

  holdsAll(sinceOrder: number): boolean {
    return (this.#writtenAt.get("all") ?? 0) >= sinceOrder;
  }
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
