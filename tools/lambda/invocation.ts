/**
 * What an environment is told about its function, and what it tells about an invocation.
 */
import type { FunctionError } from "./runtime-api.js";

/** What a container can reach: see container-network.cjs. */
export interface ContainerNetwork {
  /** Names to addresses, as in the container's hosts file. */
  readonly names: Readonly<Record<string, string>>;
  /** The host, as the container sees it. */
  readonly gateway: string;
  /** Where on this machine the services listen that the container reaches by its gateway. */
  readonly gatewayIs: string;
}

export interface LambdaOptions {
  /** Folder of the built function, outside any other package. */
  readonly taskRoot: string;
  /** File and export, e.g. `get-user.handler`. */
  readonly handler: string;
  readonly functionName?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The function's time-out. Default 10 s. */
  readonly timeoutMs?: number;
  /** The function's memory; more than this ends the process. Default 512. */
  readonly memoryMb?: number;
  /** Whether the process is stopped between invocations. Default true; never with `concurrency`. */
  readonly freeze?: boolean;
  /** As on Managed Instances: up to `max` invocations at once, spread over `workers` threads. */
  readonly concurrency?: { readonly max: number; readonly workers: number };
  /** Whether `moveClock` may be used. */
  readonly movableClock?: boolean;
  /** As in a container of Lambda's image: this network, and no variables but the image's and those in `env`. */
  readonly container?: ContainerNetwork;
  /** The Node.js to run; default this one. */
  readonly node?: string;
  onLine?(line: string): void;
}

export interface InvocationOutcome {
  readonly requestId: string;
  /** What the handler returned. */
  readonly result?: unknown;
  /** Why there is no result: thrown by the handler, or the environment's own (`Runtime.ExitError`, …). */
  readonly error?: FunctionError;
  /** From handing out to the answer's arrival. */
  readonly durationMs: number;
  /** The initialisation that this invocation had to wait for. */
  readonly initMs?: number;
  /** What the process printed meanwhile; empty with `concurrency`, where lines cannot be told apart. */
  readonly logs: readonly string[];
}
