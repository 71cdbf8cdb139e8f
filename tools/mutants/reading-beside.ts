/** Breakages of reading while the handler works: what may be served before, who waits for how long, and what is left behind. */
import type { Mutant } from "./mutant.js";

const BESIDE = "src/core/invocation/reading-beside.ts";
const UNREAD = "src/core/invocation/unread.ts";
const INVOCATION = "src/core/invocation/invocation.ts";
const LOADING = "src/core/invocation/loading.ts";
const SERVING_STATE = "src/core/invocation/serving.ts";
const PACE = "src/core/coherence/reading-pace.ts";
const SHARED = "src/core/coherence/shared-refresh.ts";

export const READING_BESIDE: readonly Mutant[] = [
  {
    name: "what is cached is served before the log was read beside the handler",
    file: SERVING_STATE,
    search: 'state === "fresh" || state === "stale" ? 0',
    replace: 'state === "fresh" || state === "stale" || state === "unread" ? 0',
  },
  {
    name: "an invocation is told that it is fresh before the log was read beside its handler",
    file: SERVING_STATE,
    search: 'this.#serve(began, "unread", 0);',
    replace: 'this.#serve(began, "fresh", 0);',
  },
  {
    name: "after a wait the entry that was found before is served",
    file: INVOCATION,
    search: "return read && { value: this.#servedByGetOrAdd<T>(target, read, load), savedMs: savedMsOf(read) };",
    replace: "return { value: this.#servedByGetOrAdd<T>(target, read ?? found, load), savedMs: savedMsOf(found) };",
  },
  {
    name: "a load that began before the invocation is shared before the log was read",
    file: LOADING,
    search: "return this.#sharing.find(id, this.#served.oldestLoad);",
    replace: "return this.#sharing.find(id, 0);",
  },
  {
    name: "a wait for the reading has no end but the reading's",
    file: BESIDE,
    search: "clock.after(leftMs, late)",
    replace: "clock.after(3_600_000, late)",
  },
  {
    name: "ten times as long is waited as a reading takes",
    file: PACE,
    search: "const MOST_PATIENCE = 2;",
    replace: "const MOST_PATIENCE = 20;",
  },
  {
    name: "a value that was loaded beside a late reading is not handed out until that has ended",
    file: UNREAD,
    search: "loading.result.finally(answered).then(resolve, reject);",
    replace: "loading.result.finally(answered).then((value) => beside.whenRead().then(() => resolve(value)), reject);",
  },
  {
    name: "a load beside the reading that fails is nobody's",
    file: UNREAD,
    search: "  result.then(ended, ended);",
    replace: "  result.then(ended);",
  },
  {
    name: "the timer of a wait outlives its invocation",
    file: BESIDE,
    search: "    for (const stop of this.#waits) stop();\n",
    replace: "",
  },
  {
    name: "the reading outlives its invocation",
    file: BESIDE,
    search: "    if (this.#reading !== undefined && !wasRead) this.#leave.abort();\n",
    replace: "",
  },
  {
    name: "whoever leaves a refresh behind does not end it",
    file: SHARED,
    search: 'const left = () => release(refresh, "left behind");',
    replace: "const left = () => {\n        refresh.waiters--;\n      };",
  },
  {
    name: "the before-hook throws though it has not waited",
    file: SERVING_STATE,
    search: "      this.#told = this.#conclude(began, proof);\n      return;",
    replace: "      this.#told = this.#conclude(began, proof);\n      if (this.#told) throw this.#told;\n      return;",
  },
  {
    name: "ready() does not wait",
    file: SERVING_STATE,
    search: 'if (this.state === "unread") await this.beside?.ready();',
    replace: 'if (this.state === "unread") void this.beside?.ready().catch(() => {});',
  },
];
