/**
 * Notices a cache that is built anew for the same log while the process already serves invocations, as happens when
 * `scache()` is called within a handler: it is empty each time, and nothing else would tell. The only state here that
 * belongs to the process, since each such call makes everything else anew.
 */
import type { Environment } from "./core/environment.js";
import type { Notices } from "./core/notices.js";

/** Logs whose cache has served an invocation in this process. */
const served = new Set<string>();
const said = new Set<string>();

/** Whether this is said for the first time in this process. */
export function firstTime(about: string): boolean {
  const isFirst = !said.has(about);
  said.add(about);
  return isFirst;
}

/**
 * The environment, watched.
 * @param log names the log as no other is named
 * @param label names it for people: `stream "users"`
 */
export function watchForRebuilding(
  environment: Environment,
  log: string,
  label: string,
  notices: Pick<Notices, "advise">,
): Environment {
  const isRebuilt = served.has(log);
  return {
    begin(limits) {
      served.add(log);
      if (isRebuilt && firstTime("rebuilt")) {
        const fix = "call scache() once, at module scope, not within the handler";
        const what = `a cache of ${label} was built while this process was already serving from another, and began empty`;
        notices.advise(`${what}. To do: ${fix}.`, { fix });
      }
      return environment.begin(limits);
    },
  };
}
