/**
 * The loads under way in one environment: how concurrent `getOrAdd` calls share them, and what ends a wait that would have
 * no end. A load goes with whoever runs it: once its owner is gone nobody else waits for it any more, and nothing here keeps
 * it. A load that, through its loader, would wait for itself is not waited for. Whether a load may be shared otherwise is
 * the caller's to decide; one that may not be shared is simply run beside it.
 */
import { LoadCycleError } from "../../errors.js";
import type { Moment } from "../moment.js";
import { AsyncLocalStorage } from "../node.js";

/** A load under way. */
export interface Load<Owner> {
  readonly start: Moment;
  readonly owner: Owner;
  readonly result: Promise<unknown>;
  /** One of several loaded together: undefined means that their loader has left it out. */
  readonly mayBeLeftOut: boolean;
  /**
   * To be asked before it is waited for. False where that would be to wait for oneself: the caller is part of a load that
   * this one waits for, directly or through others.
   */
  mayBeWaitedFor(): boolean;
  /**
   * What it comes to, for others than its owner. Undefined as soon as it has failed, its owner is gone, or it is given up:
   * one has to run one's own then.
   */
  outcome(): Promise<Outcome | undefined>;
  /** Ends every wait of others for it: its owner's time is up. */
  giveUp(): void;
}

/** In a box: resolving a promise with a value asks the value whether it is a promise. */
export interface Outcome {
  readonly value: unknown;
}

/** `Owner` is whoever runs a load, for the caller to judge by. */
export interface Loads<Owner extends object> {
  /** The latest load of this key that is on offer, or one of the asker's own. */
  find(key: string, asker: Owner): Load<Owner> | undefined;
  /**
   * Runs a load and offers it to others until it settles, its owner is gone, or a later load of the same key takes its place.
   * Rejects with a LoadCycleError in place of running it where two loads of the same key wait for it already.
   */
  run<T>(key: string, start: Moment, owner: Owner, work: () => Promise<T>): Promise<T>;
  /** One load for several keys, each of which is offered as a load of its own. `work` resolves to their values, in order. */
  runTogether<T>(keys: readonly string[], start: Moment, owner: Owner, work: () => Promise<readonly T[]>): Promise<T>[];
  /** The owner is gone: its loads may go on for ever, but nobody else waits for them, and nothing here keeps them. */
  leave(owner: Owner): void;
}

/**
 * A loader that asks for what is being loaded is run beside it, since it may be another loader, which does not ask. If it asks
 * once more, it always will.
 */
const MOST_IN_A_CYCLE = 2;

export function createLoads<Owner extends object>(): Loads<Owner> {
  const offered = new Map<string, RunningLoad<Owner>>();
  /** For as long as the owner itself exists: a response may still be streaming after the owner has left. */
  const owned = new WeakMap<Owner, OwnLoads<Owner>>();
  const left = new WeakSet<Owner>();

  function remember(load: RunningLoad<Owner>): OwnLoads<Owner> {
    const { key, owner } = load;
    if (!left.has(owner)) offered.set(key, load);
    const own = owned.get(owner) ?? { underWay: new Set(), latest: new Map() };
    own.underWay.add(load);
    own.latest.set(key, load);
    owned.set(owner, own);
    return own;
  }

  function forget(load: RunningLoad<Owner>, own: OwnLoads<Owner>): void {
    own.underWay.delete(load);
    for (const loads of [offered, own.latest]) if (loads.get(load.key) === load) loads.delete(load.key);
    load.end();
  }

  function begin(
    key: string,
    start: Moment,
    owner: Owner,
    work: () => Promise<unknown>,
    mayBeLeftOut = false,
  ): RunningLoad<Owner> | LoadCycleError {
    const parent = callers.getStore()?.load;
    const cycle = cycleOf(key, offered, parent);
    if (cycle !== undefined) return new LoadCycleError(cycle);
    const load = new RunningLoad({ key, start, owner, parent, among: offered, mayBeLeftOut }, work);
    const own = remember(load);
    const done = () => forget(load, own);
    load.result.then(done, done);
    return load;
  }

  return {
    find: (key, asker) => offered.get(key) ?? owned.get(asker)?.latest.get(key),

    run<T>(key: string, start: Moment, owner: Owner, work: () => Promise<T>) {
      const load = begin(key, start, owner, work);
      return load instanceof RunningLoad ? (load.result as Promise<T>) : rejection<T>(load);
    },

    runTogether<T>(keys: readonly string[], start: Moment, owner: Owner, work: () => Promise<readonly T[]>) {
      let values: Promise<readonly T[]> | undefined;
      let first: RunningLoad<Owner> | undefined;
      return keys.map((key, index) => {
        const one = async () => {
          values ??= work();
          return (await values)[index];
        };
        const load = begin(key, start, owner, one, true);
        if (!(load instanceof RunningLoad)) return rejection<T>(load);
        // The loader was called within the first: to ask for any of these there is to wait for oneself.
        if (first === undefined) first = load;
        else first.waiting.add(load as RunningLoad<unknown>);
        return load.result as Promise<T>;
      });
    },

    leave(owner) {
      left.add(owner);
      for (const load of owned.get(owner)?.underWay ?? []) {
        if (offered.get(load.key) === load) offered.delete(load.key);
        load.giveUp();
      }
    },
  };
}

/** Of one owner. A loader that asks for what it is loading makes a second load of the same key. */
interface OwnLoads<Owner> {
  readonly underWay: Set<RunningLoad<Owner>>;
  readonly latest: Map<string, RunningLoad<Owner>>;
}

/** Whose loader a call comes from, through however many awaits. Switched off while no load is under way: then it costs nothing. */
const callers = /* @__PURE__ */ new AsyncLocalStorage<Place>();
let underWay = 0;

/** Emptied when the load has settled: whatever its loader leaves behind, such as a connection, keeps its place for ever. */
interface Place {
  load: RunningLoad<unknown> | undefined;
}

/** Its fields are for this file alone. */
class RunningLoad<Owner> implements Load<Owner> {
  readonly key: string;
  readonly start: Moment;
  readonly owner: Owner;
  readonly result: Promise<unknown>;
  readonly mayBeLeftOut: boolean;
  /** The load whose loader has begun this one. */
  parent: RunningLoad<unknown> | undefined;
  /** The loads whose loaders wait for this one. */
  readonly waiting: Set<RunningLoad<unknown>>;
  /** What tells the loads of one environment from those of another. */
  readonly among: object;
  readonly place: Place = { load: this };
  shared: Promise<Outcome | undefined> | undefined;
  giveUp: () => void = () => undefined;

  constructor(
    what: Pick<RunningLoad<Owner>, "key" | "start" | "owner" | "parent" | "among" | "mayBeLeftOut">,
    work: () => Promise<unknown>,
  ) {
    this.key = what.key;
    this.start = what.start;
    this.owner = what.owner;
    this.parent = what.parent;
    this.among = what.among;
    this.mayBeLeftOut = what.mayBeLeftOut;
    this.waiting = new Set(what.parent && [what.parent]);
    underWay++;
    this.result = callers.run(this.place, work);
  }

  mayBeWaitedFor(): boolean {
    const caller = callers.getStore()?.load;
    if (caller === undefined) return true;
    const met = new Set([caller]);
    // Those met on the way come up, too.
    for (const load of met) {
      if (load === (this as RunningLoad<unknown>)) return false;
      for (const waiting of load.waiting) met.add(waiting);
    }
    this.waiting.add(caller);
    return true;
  }

  outcome(): Promise<Outcome | undefined> {
    this.shared ??= new Promise((resolve) => {
      this.giveUp = () => resolve(undefined);
      this.result.then((value) => resolve({ value }), this.giveUp);
    });
    return this.shared;
  }

  /** It has settled. */
  end(): void {
    this.place.load = undefined;
    this.parent = undefined;
    this.waiting.clear();
    if (--underWay === 0) callers.disable();
  }
}

/** The keys of the loads in a row, each begun by the one before, if one more of this key would be one too many. */
function cycleOf(key: string, among: object, parent: RunningLoad<unknown> | undefined): string[] | undefined {
  const keys: string[] = [];
  let same = 0;
  for (let load = parent; load !== undefined; load = load.parent) {
    keys.unshift(load.key);
    if (load.key === key && load.among === among && ++same === MOST_IN_A_CYCLE)
      return keys.slice(0, keys.indexOf(key, 1));
  }
  return undefined;
}

/** Not one that ends the process where nobody waits for it: before, such a load would just never have ended. */
function rejection<T>(error: Error): Promise<T> {
  const rejected = Promise.reject<T>(error);
  rejected.catch(() => undefined);
  return rejected;
}
