/**
 * Publishes invalidations and resolves only when the log holds every one of them. Records that failed are tried again with
 * back-off, and no others; an answer that was lost is tried again too, since publishing twice is harmless.
 * It must never report success for a record it has no acknowledgement for.
 */
import { PublishError } from "../../errors.js";
import { backoffMs, type Clock, type Random } from "../clock.js";
import { parseDataId } from "../data-id.js";
import { type InvalidationLog, LogFailure } from "../log.js";
import type { OwnRecords } from "../own-records.js";
import type { RecordContent } from "../record.js";
import { type Batch, toBatches } from "./batching.js";

export interface Publisher {
  /**
   * Resolves to a token that names what was written, once the log has acknowledged all of it. Stops trying after
   * `timeoutMs`, at once where the next attempt would come too late.
   * @throws PublishError naming what may not have been published
   */
  publish(content: RecordContent, timeoutMs: number): Promise<string>;
}

const MAX_ATTEMPTS = 6;
/** Before the second attempt; doubled before each further one, and spread by chance. */
const BACKOFF_MS = 50;

/** @param own for an environment that will read its records back */
export function createRecordPublisher(log: InvalidationLog, clock: Clock, random: Random, own?: OwnRecords): Publisher {
  /** One attempt at everything pending, until `endsAtMs` (monotonic) at most. */
  async function append(pending: readonly Batch[], endsAtMs: number) {
    const abort = new AbortController();
    const stop = clock.after(Math.max(0, endsAtMs - clock.monotonic()), () => abort.abort());
    try {
      return await log.append(
        pending.map(({ data }) => data),
        abort.signal,
      );
    } finally {
      stop();
    }
  }

  /** @param contents of the records not written: the log may have made them coarser, and the caller knows its own names alone */
  function unpublished(asked: RecordContent, contents: readonly RecordContent[], cause: unknown): PublishError {
    const { keys, sources: askedSources = [], all: everything = false } = asked;
    const coarsest = !everything && contents.some(({ all }) => all);
    const named = new Set(contents.flatMap((content) => content.keys));
    const whole = new Set(contents.flatMap((content) => content.sources ?? []));
    const isWhole = (key: string) => whole.size > 0 && whole.has(parseDataId(key).source);
    const ids = keys.filter((key) => coarsest || named.has(key) || isWhole(key));
    const sources = askedSources.filter((source) => coarsest || whole.has(source));
    return new PublishError(
      log.name,
      { ids, sources, everything: everything && contents.some(({ all }) => all) },
      cause,
    );
  }

  return {
    async publish(content, timeoutMs) {
      let pending: readonly Batch[];
      try {
        pending = toBatches(content, clock.now(), log, own?.nonce);
      } catch (error) {
        throw unpublished(content, [content], error);
      }
      const endsAtMs = clock.monotonic() + timeoutMs;
      const written: string[] = [];
      for (let attempts = 1; pending.length > 0; attempts++) {
        const failures: LogFailure[] = [];
        const outcomes = await append(pending, endsAtMs);
        pending = pending.filter((_batch, index) => {
          const outcome = outcomes[index];
          if (outcome?.written) written.push(outcome.at);
          else failures.push(outcome?.failure ?? new LogFailure("unavailable", "no outcome was given"));
          return !outcome?.written;
        });
        if (pending.length === 0) break;
        // Of several causes the one that no retry can mend is what the caller has to know.
        const final = failures.find(({ kind }) => kind === "refused" || kind === "lost");
        // Failed on the way, it may succeed at once: on another connection, or signed with the right time.
        const isOnItsWay = attempts === 1 && failures.every(({ kind }) => kind === "unavailable");
        const waitMs = isOnItsWay ? 0 : backoffMs(attempts, BACKOFF_MS, random);
        const endsNow = clock.monotonic() + waitMs >= endsAtMs;
        if (final || attempts === MAX_ATTEMPTS || endsNow) {
          throw unpublished(
            content,
            pending.map((batch) => batch.content),
            final ?? failures.at(-1),
          );
        }
        if (waitMs > 0) await new Promise<void>((resolve) => clock.after(waitMs, resolve));
      }
      return log.tokenFor(written);
    },
  };
}
