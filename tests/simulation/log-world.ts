/**
 * The log that the environments of a schedule share, whichever it is: how each is connected to it, what may happen to it, and
 * what is written to it by others. All else in the simulation knows no more of it than this.
 */
import type { Clock } from "../../src/core/clock.js";
import type { DataId } from "../../src/core/data-id.js";
import type { InvalidationLog } from "../../src/core/log.js";
import type { Dice } from "./dice.js";
import type { ReadingTimes } from "./reading-times.js";

export interface LogWorld {
  /** What nobody holds, and takes up more than one record. */
  readonly others: readonly DataId[];
  /** When people last changed the log itself, as may move its readers; infinite while they do. */
  readonly changedOrder: number;
  /** For one process: an environment's, or a writer's. */
  connect(name: string, connection: Connection): LogClient;
  /** Writes records as another program would; false when the log could not take them. */
  write(texts: readonly string[], dice: Dice): Promise<boolean>;
  /** What people do to a log while it is in use. */
  disturb(dice: Dice): Promise<void>;
  /** Deletes the log and creates it anew. */
  recreate(dice: Dice): Promise<void>;
  /** Counts what can be told only at the end. */
  end(): void;
}

export interface Connection {
  readonly clock: Clock;
  readonly dice: Dice;
  readonly clockMarginMs?: number;
  /** A process that was killed is answered no more. */
  isDead(): boolean;
}

/** A log as one process sees it, with what passes between them counted. */
export interface LogClient {
  readonly log: InvalidationLog;
  readonly calls: number;
  readonly pendingReads: number;
  readonly times: ReadingTimes;
  readonly pendingWrites: number;
  /** Calls that were neither answered nor aborted. */
  readonly pendingCalls: number;
  readonly partialFailures: number;
  readonly placesLost: number;
  /** Call when no refresh is under way: what is counted for each starts over. */
  refreshBegins(): void;
}
