/**
 * All of the end-to-end run with one major of Middy, and its sums. What mostly waits is apart from what keeps every core
 * busy, so that the former can run beside another part's without telling the clock wrong.
 */
import { type CrowdCounts, runCrowd } from "./crowd.js";
import { type DurableCounts, runDurable } from "./durable.js";
import { type FreezeCounts, runFreezes } from "./freezes.js";
import { type HookCounts, runHooks } from "./hooks.js";
import { type KillCounts, runKills } from "./kills.js";
import { type OddCrowdCounts, runOddCrowd } from "./odd-crowd.js";
import { Site, type SiteOptions } from "./site.js";

export interface Settings {
  readonly rounds: number;
  readonly kills: number;
  readonly hookRounds: number;
  readonly executions: number;
  readonly crowdMs: number;
  readonly workers: readonly number[];
  readonly middys: readonly SiteOptions["middy"][];
  readonly scacheFrom: SiteOptions["scacheFrom"];
  readonly json: boolean;
  readonly broken?: NonNullable<SiteOptions["break"]>;
}

export interface PartResult {
  readonly middy: string;
  readonly invocations: number;
  readonly answersJudged: number;
  readonly staleReads: number;
  readonly leftovers: number;
  readonly freezes: number;
  readonly clockMovedHours: number;
  readonly failures: readonly string[];
  readonly freezing: FreezeCounts;
  readonly killing: KillCounts;
  readonly hooks: HookCounts;
  readonly durable?: DurableCounts;
  readonly oddCrowd: OddCrowdCounts;
  readonly crowds: readonly CrowdCounts[];
}

/** The package's `refreshTimeoutMs`, which the example leaves as it is, and a little for what follows it. */
export const THAW_BOUND_MS = 1_000 + 250;

type Waited = Pick<PartResult, "freezing" | "killing" | "hooks" | "oddCrowd"> & { durable?: DurableCounts };

export class Part {
  readonly #site: Site;
  readonly #settings: Settings;
  readonly #middy: SiteOptions["middy"];
  readonly #signal: AbortSignal;

  private constructor(site: Site, settings: Settings, middy: SiteOptions["middy"], signal: AbortSignal) {
    this.#site = site;
    this.#settings = settings;
    this.#middy = middy;
    this.#signal = signal;
  }

  static async open(settings: Settings, middy: SiteOptions["middy"], signal: AbortSignal): Promise<Part> {
    const { scacheFrom, broken } = settings;
    const site = await Site.open({ middy, scacheFrom, ...(broken === undefined ? {} : { break: broken }) });
    return new Part(site, settings, middy, signal);
  }

  /** Freezes, kills, hooks and durable executions. */
  async wait(): Promise<Waited> {
    const share = (count: number) => Math.ceil(count / this.#settings.middys.length);
    const { rounds, kills, hookRounds, executions } = this.#settings;
    const plan = { rounds: share(rounds), thawBoundMs: THAW_BOUND_MS };
    const freezing = await runFreezes(this.#site, plan, this.#signal);
    const slowest = freezing.slowestThawMs.toFixed(0);
    this.#say(`frozen and thawed ${freezing.rounds} times, slowest answer after a thaw ${slowest} ms`);
    const killing = await runKills(this.#site, share(kills), this.#signal);
    this.#say(`killed ${killing.kills} times, ${killing.killedInvocations} of them in an invocation`);
    const hooks = await runHooks(this.#site, hookRounds, this.#signal);
    const later = `${hooks.accountedForLater} by the next one`;
    this.#say(`${hooks.oddInvocations} ended otherwise, ${hooks.accountedFor} accounted for, ${later}`);
    const oddCrowd = await this.#runOddCrowd();
    if (this.#middy !== "middy7" || executions === 0) return { freezing, killing, hooks, oddCrowd };
    const durable = await runDurable(this.#site, executions, this.#signal);
    const replays = durable.replaysWarm + durable.replaysCold;
    this.#say(`${durable.executions} durable executions, ${replays} replays, ${durable.replaysCold} of them elsewhere`);
    return { freezing, killing, hooks, oddCrowd, durable };
  }

  async #runOddCrowd(): Promise<OddCrowdCounts> {
    if (this.#settings.hookRounds === 0) return { invocations: 0, oddInvocations: 0, accountedFor: 0 };
    const oddCrowd = await runOddCrowd(this.#site, this.#signal);
    this.#say(`${oddCrowd.oddInvocations} ended otherwise among ${oddCrowd.invocations} in one process`);
    return oddCrowd;
  }

  /** Many at once, and the sums of all. */
  async crowd(waited: Waited): Promise<PartResult> {
    const site = this.#site;
    const crowds: CrowdCounts[] = [];
    for (const workers of this.#settings.workers) {
      const crowd = await runCrowd(site, workers, this.#settings.crowdMs, this.#signal);
      crowds.push(crowd);
      const many = `${crowd.mostAtOnce} at once in ${workers} worker${workers === 1 ? "" : "s"}`;
      this.#say(`${many}: ${crowd.invocations} invocations, ${crowd.hits} hits`);
    }
    const result: PartResult = {
      middy: this.#middy,
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
    console.log(`${this.#middy === "middy7" ? "Middy 7" : "Middy 6"}: ${text}`);
  }
}
