/** The words of the log: what is wrong, with which stream, what to do about it, and no name of a datum above debug. */
import { Logger as PowertoolsLogger } from "@aws-lambda-powertools/logger";
import { describe, expect, test } from "@jest/globals";
import { LogFailure } from "../../src/core/log.js";
import type { TroubleKind } from "../../src/core/notices.js";
import { createTroubleLog } from "../../src/core/trouble-log.js";
import { PublishError } from "../../src/errors.js";
import { createNotices, type Logger, REMEDIES } from "../../src/logging.js";

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
  createNotices({ streamName: "changes", logger }).troubleStarted(kind, { reason, cause });
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
    const log = createTroubleLog(clock, createNotices({ streamName: "changes", logger }));
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
    createNotices({ streamName: "changes", logger }).troubleEnded(kind, { durationMs: 1, occurrences: 1 });
    expect(entries[0]).toMatchObject({ level: "info", message: expect.stringContaining("over after 1 ms: stream") });
  });

  test("access denied names the actions to allow", () => {
    const denied = awsError("AccessDeniedException", "User: someone is not authorized to perform: kinesis:GetRecords");
    const { message, detail } = warningFor("refused", "access", new LogFailure("refused", "no", { cause: denied }));
    const [, remedy] = message.split("To do: ");
    for (const action of ["kinesis:ListShards", "GetShardIterator", "GetRecords", "PutRecords"]) {
      expect(remedy).toContain(action);
    }
    expect(detail).toMatchObject({
      error: "AccessDeniedException",
      errorMessage: "User: someone is not authorized to perform: kinesis:GetRecords",
    });
  });

  test("what the reason says already is not said twice", () => {
    const { detail } = warningFor("refused", "not allowed", awsError("AccessDeniedException", "not allowed"));
    expect(detail.errorMessage).toBeUndefined();
  });

  test.each([
    ["a key that may not be used", awsError("KMSAccessDeniedException"), /kms:Decrypt.*kms:GenerateDataKey/],
    ["a key switched off", awsError("KMSDisabledException"), /To do: enable KMS and the stream's key/],
    ["a missing stream", awsError("ResourceNotFoundException"), /check its name, account and region.*ACTIVE/],
    ["a stream being created", awsError("ResourceInUseException"), /ACTIVE/],
    ["no region", new Error("Region is missing"), /AWS_REGION/],
    [
      "a wrong region",
      Object.assign(new Error("pending stream"), {
        code: "ERR_HTTP2_STREAM_CANCEL",
        cause: Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" }),
      }),
      /check the region/,
    ],
    [
      "no credentials",
      Object.assign(new Error("none"), { name: "CredentialsProviderError" }),
      /give the function a role/,
    ],
    ["expired credentials", awsError("ExpiredTokenException"), /To do: .*log in again/],
    ["a key that is throttled", awsError("KMSThrottlingException"), /KMS quota/],
    ["a wrong signature", awsError("InvalidSignatureException"), /set the clock/],
    ["no route", Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), /VPC/],
  ])("%s says what to fix", (_name, cause, expected) => {
    expect(warningFor("refused", "failed", new LogFailure("refused", "x", { cause })).message).toMatch(expected);
  });

  test("throttling says what the readers share, and what to raise", () => {
    const cause = awsError("ProvisionedThroughputExceededException");
    const { message } = warningFor("throttled", "slow down", new LogFailure("throttled", "slow down", { cause }));
    expect(message).toMatch(
      /throttles its readers.*ProvisionedThroughput.*raise maxStalenessMs, or add shards.*5 GetRecords a second/,
    );
  });

  test("credentials that could not be fetched are told from the connection that failed underneath", () => {
    const cause = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    const error = Object.assign(new Error("Could not load credentials", { cause }), {
      name: "CredentialsProviderError",
    });
    expect(warningFor("refused", "failed", error).detail.error).toBe("CredentialsProviderError");
  });

  test("every remedy is a sentence that says something", () => {
    for (const [failure, text] of REMEDIES) {
      expect([failure, text.length > 30 && !text.endsWith(".")]).toEqual([failure, true]);
    }
  });

  test("an error named like a property of every object has no remedy made up for it", () => {
    const { message } = warningFor("refused", "failed", Object.assign(new Error("x"), { name: "constructor" }));
    expect(message).toContain("check the function's role, its region and the stream's name");
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
    createNotices({ streamName: "changes", logger }).troubleStarted("record", { reason: secret });
    expect(entries.filter((entry) => JSON.stringify(entry).includes(secret)).map(({ level }) => level)).toEqual([
      "debug",
    ]);
  });

  test("debug lines go to the user's logger with their detail", () => {
    const { entries, logger } = recorder();
    createNotices({ streamName: "changes", logger }).debug("applied", { ids: ["a"] });
    expect(entries).toEqual([
      { level: "debug", message: "scache: applied", detail: { stream: "changes", ids: ["a"] } },
    ]);
  });

  test("a logger that throws changes nothing", () => {
    const fail = () => {
      throw new Error("disk full");
    };
    const notices = createNotices({ streamName: "changes", logger: { debug: fail, info: fail, warn: fail } });
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
      const notices = createNotices({ streamName: "changes", logger });
      notices.troubleStarted("throttled", { reason: "rate" });
      notices.troubleEnded("throttled", { durationMs: 1, occurrences: 1 });
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: "WARN", service: "shop", stage: "prod", scache: { kind: "throttled" } });
  });

  test("without one, one of ours is built when there is something to say", () => {
    const lines = written(() => {
      const notices = createNotices({ streamName: "changes", serviceName: "users" });
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
