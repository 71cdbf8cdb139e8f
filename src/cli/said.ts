/** What went wrong, in words for a person at a terminal: what it was, and what helps. */
import { LogFailure } from "../core/log.js";
import { causesOf } from "../core/trouble-log.js";

export function said(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const remedy = causesOf(error).find((cause): cause is LogFailure => cause instanceof LogFailure && !!cause.remedy);
  // The package's own errors name it already.
  const message = error.message.replace(/^scache: /, "");
  return remedy?.remedy === undefined ? message : `${message}. To do: ${remedy.remedy}`;
}
