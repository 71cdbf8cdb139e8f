/**
 * All of the end-to-end run with one log and one major of Middy, and its sums. What mostly waits is apart from what keeps every core
 * busy, so that the former can run beside another part's without telling the clock wrong.
 */

import type { LogName } from "../emulators/services.js";
import { type CrowdCounts, runCrowd } from "./crowd.js";
import { type DurableCounts, runDurable } from "./durable.js";
import { type FreezeCounts, runFreezes } from "./freezes.js";
import { type HookCounts, runHooks } from "./hooks.js";
import { type KillCounts, runKills } from "./kills.js";
import { type OddCrowdCounts, runOddCrowd } from "./odd-crowd.js";
import { type RelayCounts, runRelay } from "./relayed.js";
import { Site, type SiteOptions } from "./site.js";

export interface Settings {
  /** On each log, shared out between the majors of Middy, as are kills, relayed batches and crowds. */
  readonly rounds: number;
  readonly kills: number;
  readonly relays: number;
  readonly hookRounds: number;
  readonly executions: number;
  readonly crowdMs: number;
  readonly workers: readonly number[];
  readonly logs: readonly LogName[];
  readonly middys: readonly SiteOptions["middy"][];
  readonly scacheFrom: SiteOptions["scacheFrom"];
  readonly json: boolean;
  readonly broken?: NonNullable<SiteOptions["break"]>;
}

export interface PartResult {
  readonly middy: string;
  readonly log: LogName;
  readonly invocations: number;
  readonly answersJudged: number;
  readonly staleReads: number;
  readonly leftovers: number;
  readonly freezes: number;
  readonly clockMovedHours: number;
  readonly failures: readonly string[];
  readonly freezing: FreezeCounts;
  readonly killing: KillCounts;
  readonly relaying: RelayCounts;
  /** How an invocation ends has nothing to do with the log: on Kinesis alone. */
  readonly hooks?: HookCounts;
  readonly durable?: DurableCounts;
  readonly oddCrowd?: OddCrowdCounts;
  readonly crowds: readonly CrowdCounts[];
}

/** The package's `refreshTimeoutMs`, which the example leaves as it is, and a little for what follows it. */
export const THAW_BOUND_MS = 1_000 + 250;

type Waited = Pick<PartResult, "freezing" | "killing" | "relaying" | "hooks" | "oddCrowd" | "durable">;

export class Part {
  readonly #site: Site;
  readonly #settings: Settings;
  readonly #middy: SiteOptions["middy"];
  readonly #log: LogName;
  readonly #signal: AbortSignal;

  private constructor(site: Site, settings: Settings, log: LogName, middy: SiteOptions["middy"], signal: AbortSignal) {
    this.#site = site;
    this.#settings = settings;
    this.#log = log;
    this.#middy = middy;
    this.#signal = signal;
  }

  static async open(settings: Settings, log: LogName, middy: SiteOptions["middy"], signal: AbortSignal): Promise<Part> {
    const { scacheFrom, broken } = settings;
    const site = await Site.open({ middy, log, scacheFrom, ...(broken === undefined ? {} : { break: broken }) });
    return new Part(site, settings, log, middy, signal);
  }

  /** Freezes, kills, relayed changes, hooks and durable executions. */
  async wait(): Promise<Waited> {
    const site = this.#site;
    const rounds = this.#share(this.#settings.rounds);
    const plan = { rounds, first: this.#number * rounds, thawBoundMs: THAW_BOUND_MS };
    const freezing = await runFreezes(site, plan, this.#signal);
    const slowest = freezing.slowestThawMs.toFixed(0);
    this.#say(`frozen and thawed ${freezing.rounds} times, slowest answer after a thaw ${slowest} ms`);
    const killing = await runKills(site, this.#share(this.#settings.kills), this.#signal);
    this.#say(`killed ${killing.kills} times, ${killing.killedInvocations} of them in an invocation`);
    const relaying = await runRelay(site, this.#share(this.#settings.relays), this.#signal);
    const old = `${relaying.oldBefore} old answers before, ${relaying.staleReads} after`;
    this.#say(`${relaying.changes} rows changed past the cache and relayed: ${old}`);
    return { freezing, killing, relaying, ...(this.#log === "kinesis" ? await this.#endOddly() : {}) };
  }

  async #endOddly(): Promise<Pick<Waited, "hooks" | "oddCrowd" | "durable">> {
    const { hookRounds, executions } = this.#settings;
    const hooks = await runHooks(this.#site, hookRounds, this.#signal);
    const later = `${hooks.accountedForLater} by the next one`;
    this.#say(`${hooks.oddInvocations} ended otherwise, ${hooks.accountedFor} accounted for, ${later}`);
    const oddCrowd = await this.#runOddCrowd();
    if (this.#middy !== "middy7" || executions === 0) return { hooks, oddCrowd };
    const durable = await runDurable(this.#site, executions, this.#signal);
    const replays = durable.replaysWarm + durable.replaysCold;
    this.#say(`${durable.executions} durable executions, ${replays} replays, ${durable.replaysCold} of them elsewhere`);
    return { hooks, oddCrowd, durable };
  }

  async #runOddCrowd(): Promise<OddCrowdCounts> {
    if (this.#settings.hookRounds === 0) return { invocations: 0, oddInvocations: 0, accountedFor: 0 };
    const oddCrowd = await runOddCrowd(this.#site, this.#signal);
    this.#say(`${oddCrowd.oddInvocations} ended otherwise among ${oddCrowd.invocations} in one process`);
    return oddCrowd;
  }

  /** Which of the majors of Middy this is. */
  get #number(): number {
    return this.#settings.middys.indexOf(this.#middy);
  }

  #share(count: number): number {
    return Math.ceil(count / this.#settings.middys.length);
  }

  /** Each number of workers once on each log; what one Middy has on the one, another has on the other. */
  #crowdsHere(): readonly number[] {
    const { workers, middys, logs } = this.#settings;
    const shift = this.#number + logs.indexOf(this.#log);
    return workers.filter((_, index) => (index + shift) % middys.length === 0);
  }

  /** Many at once, and the sums of all. */
  async crowd(waited: Waited): Promise<PartResult> {
    const site = this.#site;
    const crowds: CrowdCounts[] = [];
    for (const workers of this.#crowdsHere()) {
      const crowd = await runCrowd(site, workers, this.#settings.crowdMs, this.#signal);
      crowds.push(crowd);
      const many = `${crowd.mostAtOnce} at once in ${workers} worker${workers === 1 ? "" : "s"}`;
      this.#say(`${many}: ${crowd.invocations} invocations, ${crowd.hits} hits`);
    }
    const result: PartResult = {
      middy: this.#middy,
      log: this.#log,
      invocations: site.invocations,
      answersJudged: site.oracle.judged,
      staleReads: site.oracle.violations.length,
      leftovers: site.leftovers.length,
      freezes: site.freezes,
      clockMovedHours: site.passedMs / 3_600_000,
      failures: [...site.failures, ...site.leftovers.map((left) => `left running: ${left}`)],
      ...waited,
      crowds,
    };
    this.#say(`${result.answersJudged} answers judged, ${result.staleReads} stale; left running: ${result.leftovers}`);
    for (const failure of result.failures.slice(0, 10)) this.#say(`failed: ${failure}`);
    return result;
  }

  close(): Promise<void> {
    return this.#site.close();
  }

  #say(text: string): void {
    const log = this.#log === "kinesis" ? "Kinesis" : "DynamoDB";
    console.log(`${log}, ${this.#middy === "middy7" ? "Middy 7" : "Middy 6"}: ${text}`);
  }
}
