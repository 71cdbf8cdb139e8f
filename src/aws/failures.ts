/**
 * Understands an error of the AWS SDK, or of the system underneath it: its kind and its remedy come from one table of
 * rows, of which the first that fits decides. A log's room has the rows of its service and puts those of
 * `common-failures.ts` behind them.
 *
 * It makes no call, and no piece of an answer may get into a message: an answer holds data ids.
 */
import type { LogFailureKind } from "../core/log.js";
import { causesOf } from "../core/trouble-log.js";
import { isError, messageOf } from "../errors.js";

/** What a `LogFailure` is made of. */
export interface Failure {
  readonly kind: LogFailureKind;
  readonly message: string;
  /** For the person who reads the log line: what helps, as an instruction without a full stop. */
  readonly remedy: string | undefined;
  /** The error itself, unless it may quote an answer. */
  readonly cause: unknown;
}

/** What the call was for: one and the same refusal has another remedy for a reader than for a writer. */
export type Use = "read" | "publish";

/** How to speak of a service. */
export interface ServiceWords {
  /** `Kinesis` */
  readonly name: string;
  /** What a log is there: `stream`. */
  readonly log: string;
  /** The class of its clients, and the package they come in. */
  readonly client: string;
  readonly clientPackage: string;
  /** The oldest version of that which will do. */
  readonly clientVersion: string;
  /** The variable that moves its endpoint. */
  readonly endpointVariable: string;
  /** What a function in a VPC can have instead of a NAT gateway. */
  readonly vpcEndpoint: string;
  /** The actions that a role must be allowed. */
  readonly actions: string;
  readonly throttled: Readonly<Record<Use, string>>;
}

/** One row: it fits an error that is all of what it says. */
export interface KnownFailure {
  /** Matches the error's name, or the code that the system gave it. */
  readonly name?: RegExp;
  readonly says?: RegExp;
  readonly when?: (error: ReadError) => boolean;
  /** Default `"refused"`: only a person can mend it. */
  readonly kind?: LogFailureKind;
  /** Absent where the general advice for its kind is all there is to say. */
  readonly remedy?: string | ((error: ReadError) => string);
}

/** Words that several remedies share. */
export const NOTHING_IF_ONCE = "nothing if it happens once";
export const SET_CLOCK = "set the clock of this machine or container";

/** What one error of a chain tells. */
export interface ReadError {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly use: Use;
  /** HTTP; undefined when nothing was answered. */
  readonly status: number | undefined;
  /** Whose it is, when a service says so; its message is then meant for people. */
  readonly fault: "client" | "server" | undefined;
  /** Something was answered, but not in the service's language: the message may quote it. */
  readonly isUnreadable: boolean;
  /** The SDK had got as far as making the request. */
  readonly wasSent: boolean;
  /** The SDK itself would make the call again; `throttling` when only after a while. */
  readonly retryable: { readonly throttling?: boolean } | undefined;
  readonly clockWasCorrected: boolean;
}

/** @param error what a call rejected with, or an object with a name and a message */
export function failureIn(table: readonly KnownFailure[], error: unknown, use: Use): Failure {
  const thrown = read(error, use);
  const chain = [
    thrown,
    ...causesOf(error)
      .slice(1)
      .map((cause) => read(cause, use)),
  ];
  for (const row of table) {
    const met = chain.find((one) => fits(row, one));
    if (met === undefined) continue;
    const remedy = typeof row.remedy === "function" ? row.remedy(met) : row.remedy;
    return { kind: row.kind ?? "refused", remedy, ...told(thrown, error) };
  }
  return { kind: "unavailable", remedy: undefined, ...told(thrown, error) };
}

function fits({ name, says, when }: KnownFailure, error: ReadError): boolean {
  if (name !== undefined && !name.test(error.name) && !name.test(error.code)) return false;
  return (says === undefined || says.test(error.message)) && (when === undefined || when(error));
}

function told({ name, isUnreadable, status, message }: ReadError, error: unknown): Pick<Failure, "message" | "cause"> {
  const answer = status === undefined ? "" : ` (HTTP status ${status})`;
  if (isUnreadable) return { message: `the answer could not be read${answer}`, cause: undefined };
  if (message !== NO_REASON) return { message, cause: error };
  return { message: `${/^Unknown|^$/.test(name) ? "" : `${name}: `}no reason was given${answer}`, cause: error };
}

function read(error: unknown, use: Use): ReadError {
  // Named one by one, since not all of it is enumerable.
  const { name: itsName, code: itsCode, $fault, $response, $retryable, $metadata } = (error ?? {}) as SdkError;
  const name = String(itsName ?? "");
  const text = textOf(error);
  const message = text.replace(WRAPPER, "");
  const code = String(itsCode ?? (text === message ? "" : (SYSTEM_CODE.exec(message)?.[0] ?? "")));
  const status = $metadata?.httpStatusCode;
  const wasAnswered = status !== undefined || $response !== undefined;
  // A connection that breaks in mid-answer has a code of the system's, and quotes nothing of what came over it.
  const isParsers = code === "" && wasAnswered && /^(Type|Range)?Error$/.test(name);
  return {
    name,
    code,
    // What the SDK adds in further lines is for somebody with a debugger.
    message: message.split("\n", 1)[0] ?? "",
    use,
    status,
    fault: $fault,
    isUnreadable: $fault === undefined && (isParsers || name === "SyntaxError" || /^Parse Error:/.test(message)),
    wasSent: wasAnswered || code !== "" || $metadata !== undefined,
    retryable: $retryable ?? undefined,
    clockWasCorrected: $metadata?.clockSkewCorrected === true,
  };
}

/** The SDK's word for an answer without a name, or a reason. */
const NO_REASON = "UnknownError";
/** Under a test runner with a realm of its own the SDK takes the system's errors for something else, and keeps only a text. */
const WRAPPER = /^AWS SDK error wrapper for (\w*Error: )?/;
const SYSTEM_CODE = /\bE[A-Z_]{3,}\b/;

/** An object that is no error, with which a service tells of one record, has its message, too. */
function textOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === "string" && !isError(error) ? message : messageOf(error);
}

/** What the SDK's errors carry, and the system's. */
interface SdkError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly $fault?: "client" | "server" | undefined;
  readonly $response?: unknown;
  readonly $retryable?: { readonly throttling?: boolean } | undefined;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean } | undefined;
}
