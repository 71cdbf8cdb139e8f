/** The words of the log: what is wrong, with which stream, what to do about it, and no name of a datum above debug. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Logger as PowertoolsLogger } from "@aws-lambda-powertools/logger";
import { describe, expect, test } from "@jest/globals";
import { LogFailure } from "../../src/core/log.js";
import type { TroubleKind } from "../../src/core/notices.js";
import { createTroubleLog } from "../../src/core/trouble-log.js";
import { PublishError } from "../../src/errors.js";
import { createNotices, type Logger } from "../../src/logging.js";

const NAMED = { streamName: "changes", label: 'stream "changes"' };

type Entry = { level: string; message: string; detail: Record<string, unknown> };

function recorder(): { entries: Entry[]; logger: Logger } {
  const entries: Entry[] = [];
  const at = (level: string) => (message: string, detail: Record<string, unknown>) => {
    entries.push({ level, message, detail: detail.scache as Record<string, unknown> });
  };
  return { entries, logger: { debug: at("debug"), info: at("info"), warn: at("warn") } };
}

const awsError = (name: string, message = "said by the service") =>
  Object.assign(new Error(message), { name, $fault: "client" });

function warningFor(kind: TroubleKind, reason: string, cause?: unknown): Entry {
  const { entries, logger } = recorder();
  createNotices({ ...NAMED, logger }).troubleStarted(kind, { reason, cause });
  const [entry, ...more] = entries.filter(({ level }) => level !== "debug");
  expect(more).toEqual([]);
  if (entry === undefined) throw new Error("nothing was logged");
  expect(entry.level).toBe("warn");
  return entry;
}

const KINDS: TroubleKind[] = ["refresh", "throttled", "lost", "refused", "record", "publish", "metrics"];

describe("notices in the log", () => {
  test("an outage of a thousand invocations is one warning and one line at its end", () => {
    const { entries, logger } = recorder();
    const clock = { nowMs: 0, now: () => clock.nowMs };
    const log = createTroubleLog(clock, createNotices({ ...NAMED, logger }));
    for (let n = 0; n < 1_000; n += 1) {
      log.failed("refresh", "deadline passed");
      clock.nowMs += 5;
    }
    for (let n = 0; n < 1_000; n += 1) log.recovered("refresh");
    expect(entries.map((entry) => [entry.level, entry.message])).toEqual([
      ["warn", expect.stringMatching(/^scache: stream "changes" could not be read: deadline passed/)],
      ["info", 'scache: over after 5000 ms: stream "changes" could not be read.'],
    ]);
    expect(entries[1]?.detail).toEqual({ kind: "refresh", stream: "changes", durationMs: 5_000, occurrences: 1_000 });
  });

  test.each(KINDS)("trouble of kind %s names the stream or the matter, the reason and what to do", (kind) => {
    const { message, detail } = warningFor(kind, "because");
    const reason = kind === "record" ? "see log level debug" : "because";
    expect(message).toMatch(/^scache: .+: .+\. To do: .{20,}\.$/);
    expect(message).toContain(`: ${reason}. To do`);
    expect(message).toContain('"changes"');
    expect(detail).toMatchObject({ kind, stream: "changes", reason, fix: expect.any(String) });
    const { entries, logger } = recorder();
    createNotices({ ...NAMED, logger }).troubleEnded(kind, { durationMs: 1, occurrences: 1 });
    expect(entries[0]).toMatchObject({ level: "info", message: expect.stringContaining("over after 1 ms: stream") });
  });

  const remedy = "allow the function's role kinesis:GetRecords";
  const denied = (message: string, cause: unknown = awsError("AccessDeniedException")) =>
    new LogFailure("refused", message, { remedy, cause });

  test("a failure that says what helps is taken at its word, wherever in the chain it is", () => {
    const failure = denied("not authorized");
    const wrapped = new PublishError("changes", { ids: ["a"], sources: [], everything: false }, failure);
    for (const [kind, cause] of [
      ["refused", failure],
      ["publish", wrapped],
    ] as const) {
      const { message, detail } = warningFor(kind, "because", cause);
      expect(message).toMatch(
        /: because \(AccessDeniedException\)\. To do: allow the function's role kinesis:GetRecords\.$/,
      );
      expect(detail).toMatchObject({ error: "AccessDeniedException", errorMessage: "not authorized", fix: remedy });
    }
  });

  test("what the reason says already is not said twice", () => {
    expect(warningFor("refused", "not allowed", denied("not allowed")).detail.errorMessage).toBeUndefined();
  });

  test("one that knows no remedy has the general advice, and its text is still safe to quote", () => {
    const { message, detail } = warningFor("refresh", "late", new LogFailure("unavailable", "aborted"));
    expect(message).toContain("late. To do: check the network, or raise refreshTimeoutMs.");
    expect(detail).toMatchObject({ error: undefined, errorMessage: "aborted" });
  });

  test.each([
    ["the service's name for it", awsError("AccessDeniedException"), "AccessDeniedException"],
    ["the code of the system", Object.assign(new Error("x"), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
    ["the code of TLS", Object.assign(new Error("x"), { code: "CERT_HAS_EXPIRED" }), "CERT_HAS_EXPIRED"],
    [
      "the origin under a wrapper without a name",
      Object.assign(new Error("cancelled"), {
        code: "ERR_HTTP2_STREAM_CANCEL",
        cause: Object.assign(new Error("x"), { code: "ENOTFOUND" }),
      }),
      "ENOTFOUND",
    ],
    [
      "credentials that could not be fetched, not the connection that failed underneath",
      Object.assign(new Error("none"), {
        name: "CredentialsProviderError",
        cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
      }),
      "CredentialsProviderError",
    ],
    [
      "the first of several that failed alike",
      Object.assign(new AggregateError([Object.assign(new Error("x"), { code: "ETIMEDOUT" })], ""), { name: "Error" }),
      "ETIMEDOUT",
    ],
    ["nothing, for an error without a name of its own", new Error("x"), undefined],
  ])("the line names %s", (_what, cause, name) => {
    expect(warningFor("refused", "failed", denied("x", cause)).detail.error).toBe(name);
  });

  test("throttling says what helps all readers of a log, and nothing of shards, which do not", () => {
    const { message } = warningFor("throttled", "slow down", new LogFailure("throttled", "slow down"));
    expect(message).toMatch(
      /throttles its readers: slow down\. To do: raise maxStalenessMs, or let fewer environments/,
    );
    expect(message).not.toMatch(/shard/);
  });

  test("knows no service: whose failures they are is the business of a log's own room", () => {
    const text = readFileSync(fileURLToPath(new URL("../../src/logging.ts", import.meta.url)), "utf8");
    expect(text).not.toMatch(/kinesis|dynamodb|kms|shard|AccessDenied|exception/i);
  });

  test("no data id and no piece of a record reaches the log above debug", () => {
    const secret = "id=42&s=db.users.id&t=data.ID";
    const causes = [
      new PublishError(
        "changes",
        { ids: [secret], sources: [secret], everything: false },
        new Error(`about ${secret}`),
      ),
      new SyntaxError(`Unexpected token in ${secret}`),
      Object.assign(new Error(secret), { code: "ENOTFOUND" }),
    ];
    for (const [index, cause] of causes.entries()) {
      const kind = index === 0 ? "publish" : "record";
      const reason = kind === "record" ? cause.message : "failed";
      expect(JSON.stringify(warningFor(kind, reason, cause))).not.toContain("db.users");
    }
    const { entries, logger } = recorder();
    createNotices({ ...NAMED, logger }).troubleStarted("record", { reason: secret });
    expect(entries.filter((entry) => JSON.stringify(entry).includes(secret)).map(({ level }) => level)).toEqual([
      "debug",
    ]);
  });

  test("debug lines go to the user's logger with their detail", () => {
    const { entries, logger } = recorder();
    createNotices({ ...NAMED, logger }).debug("applied", { ids: ["a"] });
    expect(entries).toEqual([
      { level: "debug", message: "scache: applied", detail: { stream: "changes", ids: ["a"] } },
    ]);
  });

  test("a logger that throws changes nothing", () => {
    const fail = () => {
      throw new Error("disk full");
    };
    const notices = createNotices({ ...NAMED, logger: { debug: fail, info: fail, warn: fail } });
    expect(() => {
      notices.troubleStarted("refresh", { reason: "x" });
      notices.troubleEnded("refresh", { durationMs: 1, occurrences: 1 });
      notices.debug("x");
    }).not.toThrow();
  });
});

describe("with a Powertools Logger", () => {
  /** Powertools writes warnings to its own console, which ends in one of the process's two streams. */
  function written(run: () => void): Record<string, unknown>[] {
    const chunks: string[] = [];
    const streams = [process.stdout, process.stderr];
    const originals = streams.map((stream) => stream.write);
    for (const stream of streams) {
      stream.write = ((chunk: string) => chunks.push(chunk) > 0) as typeof stream.write;
    }
    try {
      run();
    } finally {
      for (const [index, stream] of streams.entries()) stream.write = originals[index] ?? stream.write;
    }
    return chunks.map((chunk) => JSON.parse(chunk) as Record<string, unknown>);
  }

  test("the user's keeps its service, keys and level", () => {
    const lines = written(() => {
      const logger = new PowertoolsLogger({ serviceName: "shop", persistentKeys: { stage: "prod" }, logLevel: "WARN" });
      const notices = createNotices({ ...NAMED, logger });
      notices.troubleStarted("throttled", { reason: "rate" });
      notices.troubleEnded("throttled", { durationMs: 1, occurrences: 1 });
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: "WARN", service: "shop", stage: "prod", scache: { kind: "throttled" } });
  });

  test("without one, lines are written in its shape, from the environment's level upwards", () => {
    const lines = written(() => {
      const notices = createNotices({ ...NAMED, serviceName: "users" });
      notices.debug("dropped, for nobody asked for it");
      notices.troubleStarted("lost", { reason: "trimmed" });
      notices.troubleEnded("lost", { durationMs: 1, occurrences: 2 });
    });
    expect(lines).toMatchObject([
      { level: "WARN", service: "users" },
      {
        level: "INFO",
        service: "users",
        message: expect.stringContaining("over after 1 ms"),
        scache: { occurrences: 2 },
      },
    ]);
  });
});
