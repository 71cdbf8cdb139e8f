/** How `scache()` is put together from the stream, the options and the environment's variables. */
import { describe, expect, jest, test } from "@jest/globals";
import { dataId, InvalidOptionError, type ScacheOptions, scache } from "../../src/index.js";
import { FakeKinesisClient } from "../support/fake-kinesis-client.js";
import { captureStandardOutput } from "../support/standard-output.js";
import { RecordedLog } from "../support/test-environment.js";
import { until } from "../support/until.js";
import { withVariables } from "./support/environment-variables.js";

const ID = dataId<string>("db.users.id", "1");

type Hooks = ReturnType<typeof scache>;
type Request = Parameters<Hooks["before"]>[0];

function request(awsRequestId = "request"): Request {
  const context = { awsRequestId, getRemainingTimeInMillis: () => 30_000 } as Request["context"];
  return { event: {}, context, response: undefined, error: undefined, internal: {} };
}

function create(options: ScacheOptions = {}, stream = "users") {
  const kinesis = new FakeKinesisClient();
  const log = new RecordedLog();
  const hooks = scache(stream, { client: kinesis.asClient(), logger: log, ...options });
  /** One invocation; resolves to the metrics lines written while it ran. */
  const invoke = async (work: (cache: Request["context"]["cache"]) => unknown = () => undefined) => {
    const { lines } = await captureStandardOutput(async () => {
      const one = request();
      await hooks.before(one);
      await work(one.context.cache);
      hooks.after(one);
    });
    return lines;
  };
  return { kinesis, log, hooks, invoke };
}

describe("a function of the user's that is async, and rejects, ends nothing", () => {
  const rejects = async () => {
    throw new Error("of the user's");
  };

  test("onReport: it is told of in the log, once", async () => {
    const { log, invoke } = create({ onReport: rejects, metrics: false });
    await invoke();
    await invoke();
    await until("it was told", () => log.warnings.length > 0);
    expect(log.warnings.map(({ message }) => message)).toEqual([expect.stringContaining("onReport threw")]);
  });

  test("a logger", async () => {
    const onReport = () => {
      throw new Error("to be logged");
    };
    const { invoke } = create({ onReport, metrics: false, logger: { debug: rejects, info: rejects, warn: rejects } });
    await invoke();
    // Node tells of what was rejected unheard at the end of a turn; jest fails the test then.
    await new Promise((resolve) => setImmediate(resolve));
  });
});

describe("scache", () => {
  test("refuses a wrong stream or option when it is built", () => {
    expect(() => scache("no such name!")).toThrow(InvalidOptionError);
    expect(() => scache("users", { ttlMs: 0 })).toThrow(/"ttlMs".*but got 0/);
    expect(() => scache("users", null as never)).toThrow(InvalidOptionError);
    expect(() => scache(undefined as never)).toThrow(/"stream"/);
  });

  test("makes no call when it is built, nor while there is nothing cached", async () => {
    const { kinesis, invoke } = create();
    await invoke();
    expect(kinesis.calls).toEqual([]);
  });

  test("each call is a cache of its own; two handlers that use one share it", async () => {
    const [one, other] = [create(), create()];
    await one.invoke((cache) => cache.add(ID, "one"));
    let seen: unknown[] = [];
    await one.invoke((cache) => {
      seen = [...seen, cache.get(ID)];
    });
    await other.invoke((cache) => {
      seen = [...seen, cache.get(ID)];
    });
    expect(seen).toEqual(["one", undefined]);
  });

  test("reads and publishes through the client it is given, on the stream it is given", async () => {
    const { kinesis, invoke } = create();
    await invoke((cache) => cache.add(ID, "one"));
    await invoke((cache) => cache.invalidate(ID));
    expect(kinesis.calls).toEqual(["ListShards", "GetShardIterator", "GetRecords", "PutRecords"]);
  });

  test("names the log in its errors, by its name even when an ARN was given", async () => {
    const { kinesis, hooks } = create(
      { onRefreshError: "throw", metrics: false },
      "arn:aws:kinesis:eu-west-1:123456789012:stream/users",
    );
    const first = request();
    await hooks.before(first);
    first.context.cache.add(ID, "one");
    hooks.after(first);
    kinesis.failure = new Error("no network");
    await expect(hooks.before(request())).rejects.toThrow(/log "users": no network/);
  });

  test("tells the logger it is given of trouble, once, and of its end", async () => {
    const { kinesis, log, invoke } = create({ metrics: false });
    await invoke((cache) => cache.add(ID, "one"));
    kinesis.failure = new Error("no network");
    await invoke();
    await invoke();
    expect([log.warnings.length, log.infos.length]).toEqual([1, 0]);
    expect(log.warnings[0]?.message).toContain('"users"');
    kinesis.failure = undefined;
    // After two failures the stream is left alone for a moment.
    await until("the stream was read again", async () => {
      await invoke();
      return log.infos.length > 0;
    });
    await invoke();
    expect([log.warnings.length, log.infos.length]).toEqual([1, 1]);
    expect(log.infos[0]?.message).toContain('"users"');
  });
});

describe("metrics", () => {
  test("are a line for each invocation, named by the environment's variables", async () => {
    const lines = await withVariables(
      { POWERTOOLS_SERVICE_NAME: "orders", AWS_LAMBDA_FUNCTION_NAME: "get-order" },
      () => create().invoke(),
    );
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      service: "orders",
      function: "get-order",
      stream: "users",
      requestId: "request",
      CacheHits: 0,
    });
  });

  test("false writes none", async () => {
    expect(await create({ metrics: false }).invoke()).toEqual([]);
  });

  test("that cannot be written are told to the log once, and change nothing", async () => {
    const metrics = {
      singleMetric: () => {
        throw new Error("disk full");
      },
    };
    const { log, invoke } = create({ metrics });
    expect([...(await invoke()), ...(await invoke())]).toEqual([]);
    expect(log.warnings.map(({ message }) => message)).toEqual([expect.stringContaining("metrics")]);
  });
});

describe("W3: a double given as the client", () => {
  test.each([
    ["has no answer", () => undefined],
    ["is not implemented", () => Promise.reject(new Error("not implemented"))],
    [
      "is another SDK's",
      () => {
        throw new TypeError("Cannot read properties of undefined (reading 'resolveMiddleware')");
      },
    ],
  ])("that %s is called once for an invalidation, and the log names the option", async (_what, answer) => {
    let calls = 0;
    const send = () => {
      calls++;
      return answer();
    };
    const { log, invoke } = create({ client: { send } as never, metrics: false });
    await invoke((cache) => expect(cache.invalidate(ID)).rejects.toMatchObject({ code: "PUBLISH_FAILED" }));
    expect(calls).toBe(1);
    expect(log.warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/may lack invalidations.*To do: check the option client: a KinesisClient/),
    ]);
  });
});

/** As in a process that has done nothing yet. */
async function inFreshProcess() {
  jest.resetModules();
  const fresh = await import("../../src/scache.js");
  const log = new RecordedLog();
  const make = (stream: string, options: ScacheOptions = {}) =>
    fresh.scache(stream, { client: new FakeKinesisClient().asClient(), logger: log, metrics: false, ...options });
  const serve = async (hooks: Hooks) => {
    const one = request();
    await hooks.before(one);
    hooks.after(one);
  };
  return { log, make, serve };
}

describe("W7: a cache built within the handler", () => {
  test("is told once a process, when it serves, and names the stream", async () => {
    const { log, make, serve } = await inFreshProcess();
    const warnings: number[] = [];
    for (const stream of ["orders", "orders", "orders", "carts", "carts"]) {
      const hooks = make(stream);
      await serve(hooks);
      await serve(hooks);
      warnings.push(log.warnings.length);
    }
    expect(warnings).toEqual([0, 1, 1, 1, 1]);
    expect(log.warnings[0]?.message).toMatch(/a cache of stream "orders" was built.*To do: .*at module scope/);
  });

  test("is told from several at module scope, and from those of other streams", async () => {
    const { log, make, serve } = await inFreshProcess();
    const [first, second] = [make("users"), make("users")];
    for (const hooks of [first, second, first]) await serve(hooks);
    for (const stream of ["carts", "arn:aws:kinesis:eu-west-1:123456789012:stream/users"]) await serve(make(stream));
    expect(log.warnings).toEqual([]);
    await serve(make("users"));
    expect(log.warnings).toHaveLength(1);
  });
});

describe("metrics that Powertools was told not to write", () => {
  const informed = async (variables: Record<string, string | undefined>, metrics?: false) => {
    const { log, make } = await inFreshProcess();
    await withVariables({ POWERTOOLS_METRICS_DISABLED: undefined, POWERTOOLS_DEV: undefined, ...variables }, () => {
      for (let n = 0; n < 2; n++) make("users", { metrics: metrics as false });
    });
    return log.infos.map(({ message }) => message);
  };

  test.each([
    [{ POWERTOOLS_METRICS_DISABLED: "true" }, 1],
    [{ POWERTOOLS_METRICS_DISABLED: "1" }, 1],
    [{ POWERTOOLS_DEV: "true" }, 1],
    [{ POWERTOOLS_METRICS_DISABLED: "false", POWERTOOLS_DEV: "true" }, 0],
    [{ POWERTOOLS_METRICS_DISABLED: "" }, 0],
    [{}, 0],
  ])("with %p it is said %i times", async (variables, times) => {
    const said = await informed(variables);
    expect(said).toHaveLength(times);
    for (const message of said) expect(message).toMatch(/no metrics are written: POWERTOOLS_METRICS_DISABLED/);
    expect(await informed(variables, false)).toEqual([]);
  });
});

describe("an invocation whose hooks never came", () => {
  /** The requests written up by the second `before`, in an environment with these variables. */
  const abandoned = async (variables: Record<string, string | undefined>) => {
    // Only to build it: Powertools, told of concurrency, writes nothing without the runtime's own store.
    const { hooks } = await withVariables(
      { AWS_LAMBDA_RUNTIME_API: undefined, AWS_LAMBDA_MAX_CONCURRENCY: undefined, ...variables },
      () => create(),
    );
    const { lines } = await captureStandardOutput(async () => {
      await hooks.before(request("left"));
      await hooks.before(request("next"));
    });
    return lines.map((line) => (JSON.parse(line) as { requestId: string }).requestId);
  };

  test("is over at the next one in Lambda, which runs one at a time", async () => {
    expect(await abandoned({ AWS_LAMBDA_RUNTIME_API: "127.0.0.1:9001" })).toEqual(["left"]);
  });

  test("may still be running on Managed Instances, and outside Lambda", async () => {
    expect(await abandoned({ AWS_LAMBDA_RUNTIME_API: "127.0.0.1:9001", AWS_LAMBDA_MAX_CONCURRENCY: "8" })).toEqual([]);
    expect(await abandoned({})).toEqual([]);
  });
});

describe("debug notices", () => {
  /** What is logged, at the given level, of a value that cannot be cached, by a logger of the package's own. */
  const logged = (variables: Record<string, string>) =>
    withVariables(
      { AWS_LAMBDA_LOG_LEVEL: undefined, POWERTOOLS_LOG_LEVEL: undefined, LOG_LEVEL: undefined, ...variables },
      async () => {
        const hooks = scache("users", {
          client: new FakeKinesisClient().asClient(),
          metrics: false,
          sizeOf: () => {
            throw new Error("cannot be measured");
          },
        });
        const { lines } = await captureStandardOutput(async () => {
          const one = request();
          await hooks.before(one);
          one.context.cache.add(ID, "one");
        });
        return lines.length;
      },
    );

  test("are written only where one of the variables asks for them", async () => {
    expect(await logged({})).toBe(0);
    expect(await logged({ POWERTOOLS_LOG_LEVEL: "INFO" })).toBe(0);
    for (const name of ["AWS_LAMBDA_LOG_LEVEL", "POWERTOOLS_LOG_LEVEL", "LOG_LEVEL"]) {
      expect([name, await logged({ [name]: "DEBUG" })]).toEqual([name, 1]);
    }
  });
});
