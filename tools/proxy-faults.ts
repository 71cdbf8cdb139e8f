/**
 * The faults a proxy can be told to make, and the book that says which request gets which.
 * A rule is used for the next `times` requests of its operation that it matches, rules in the order they were added.
 */

import type { Body, ServiceError } from "./proxy-messages.js";

export type FaultRule = {
  /** Only requests whose body this accepts. */
  readonly when?: (request: Body) => boolean;
} & (
  | ServiceError
  /** The request reaches the service this much later. */
  | { readonly delayMs: number }
  /** No answer, and the service never sees the request; the connection stays open. */
  | { readonly hang: true }
  /** The connection is reset before the service sees the request. */
  | { readonly reset: true }
  /** The service does what it is asked to, but the answer is lost: a reset connection, or silence. */
  | { readonly loseAnswer: "reset" | "hang" }
  | { readonly rewriteRequest: (request: Body) => Body }
  | { readonly rewriteAnswer: (answer: Body, request: Body) => Body }
);

/** Too many calls: what Kinesis answers when a shard's limits are exceeded. */
export const throttle: FaultRule = {
  error: "ProvisionedThroughputExceededException",
  message: "Rate exceeded for shard (added by the proxy)",
};

/** Nothing that is read ever changes: the first answer is given again and again. */
export function alwaysTheFirst(): (answer: Body) => Body {
  let first: Body | undefined;
  return (answer) => {
    first ??= answer;
    return first;
  };
}

/** An added rule: how often it was used, and a way to take it back. */
export interface AddedFault {
  readonly used: number;
  remove(): void;
}

interface Entry {
  readonly operation: string;
  readonly rule: FaultRule;
  left: number;
  used: number;
}

export class FaultBook {
  #entries: Entry[] = [];

  /** `operation` is e.g. `GetRecords`, or `*` for any. */
  add(operation: string, rule: FaultRule, times: number): AddedFault {
    const entry: Entry = { operation, rule, left: times, used: 0 };
    this.#entries.push(entry);
    return {
      get used() {
        return entry.used;
      },
      remove: () => {
        this.#entries = this.#entries.filter((other) => other !== entry);
      },
    };
  }

  /** The rule for a request, if any; counts it as used. */
  take(operation: string, request: Body): FaultRule | undefined {
    const entry = this.#entries.find(
      ({ operation: wanted, rule, left }) =>
        left > 0 && (wanted === operation || wanted === "*") && (rule.when?.(request) ?? true),
    );
    if (entry === undefined) return undefined;
    entry.left -= 1;
    entry.used += 1;
    return entry.rule;
  }

  clear(): void {
    this.#entries = [];
  }
}
