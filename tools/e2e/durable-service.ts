/**
 * As much of Lambda's service for durable executions as one with steps and waits needs: it keeps the operations that a
 * function checkpoints, over HTTP as the AWS SDK calls it, and makes the events that start and resume an execution.
 * A wait is over as soon as it is asked for; retries, callbacks and executions inside executions are unknown to it.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

interface Update {
  readonly Id: string;
  readonly ParentId?: string;
  readonly Name?: string;
  readonly Type: string;
  readonly SubType?: string;
  readonly Action: string;
  readonly Payload?: string;
}

type Operation = Omit<Update, "Action" | "Payload"> & Record<string, unknown>;

const STATUS: Readonly<Record<string, string>> = { START: "STARTED", SUCCEED: "SUCCEEDED", FAIL: "FAILED" };
const now = () => new Date();

export class DurableService {
  readonly #executions = new Map<string, Map<string, Operation>>();
  readonly #server = createServer((request, response) => {
    void this.#serve(request).then(({ status, body }) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body, inSeconds));
    });
  });
  checkpoints = 0;

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** A new execution's name. */
  start(input: unknown): string {
    const arn = `arn:aws:lambda:us-east-1:000000000000:function:users:1/durable-execution/${randomUUID()}/1`;
    const execution = { Id: randomUUID(), Type: "EXECUTION", Status: "STARTED", StartTimestamp: now() };
    const ExecutionDetails = { InputPayload: JSON.stringify(input) };
    this.#executions.set(arn, new Map([[execution.Id, { ...execution, ExecutionDetails }]]));
    return arn;
  }

  /** What Lambda invokes the function with, the first time and whenever a wait is over. */
  event(arn: string): unknown {
    const operations = [...(this.#executions.get(arn)?.values() ?? [])];
    const ended = operations.filter(({ Type, Status }) => Type === "WAIT" && Status === "STARTED");
    for (const wait of ended) Object.assign(wait, { Status: "SUCCEEDED", EndTimestamp: now() });
    return {
      DurableExecutionArn: arn,
      CheckpointToken: randomUUID(),
      UpdatedOperationIds: ended.map(({ Id }) => Id),
      InitialExecutionState: { Operations: operations },
    };
  }

  async #serve(request: IncomingMessage): Promise<{ readonly status: number; readonly body: unknown }> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const [, arn = ""] = /^\/2025-12-01\/durable-executions\/([^/]+)\/checkpoint$/.exec(request.url ?? "") ?? [];
    const operations = this.#executions.get(decodeURIComponent(arn));
    if (operations === undefined) return { status: 404, body: { message: `nothing known at ${request.url}` } };
    this.checkpoints += 1;
    const { Updates = [] } = JSON.parse(text) as { Updates?: Update[] };
    const changed = Updates.map((update) => this.#take(operations, update));
    return { status: 200, body: { CheckpointToken: randomUUID(), NewExecutionState: { Operations: changed } } };
  }

  #take(operations: Map<string, Operation>, { Action, Payload, ...update }: Update): Operation {
    const operation: Operation = {
      StartTimestamp: now(),
      ...operations.get(update.Id),
      ...pick(update),
      Status: STATUS[Action] ?? "FAILED",
      ...(Action === "START" ? {} : { EndTimestamp: now() }),
      ...(update.Type === "STEP" ? { StepDetails: { Attempt: 1, Result: Payload } } : {}),
      ...(update.Type === "WAIT" ? { WaitDetails: { ScheduledEndTimestamp: now() } } : {}),
    };
    operations.set(operation.Id, operation);
    return operation;
  }
}

/** Times are seconds in an answer; in an event they are texts, as JSON has them anyway. */
function inSeconds(this: unknown, key: string, value: unknown): unknown {
  const original = Reflect.get(this as object, key) as unknown;
  return original instanceof Date ? original.getTime() / 1_000 : value;
}

function pick({ Id, ParentId, Name, Type, SubType }: Omit<Update, "Action" | "Payload">): Operation {
  return { Id, Type, ...(ParentId && { ParentId }), ...(Name && { Name }), ...(SubType && { SubType }) };
}
