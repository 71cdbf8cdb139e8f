/**
 * What the demo's set-ups run on: the embedded services, the quotas of the real ones, and for each environment a way to both of
 * its own, so that it is known which calls an invocation has made and how late their answers were. It must be the only
 * way from an environment to a service: a call past it would be neither counted nor refused.
 */
import {
  createUsersTable,
  LOG_TABLE_NAME,
  putUsers,
  startEmulators,
  usersVariables,
  warmUp,
} from "../emulators/services.js";
import { type Call, type EndedCall, startProxy } from "../proxy.js";
import { alwaysTheFirst } from "../proxy-faults.js";
import { StreamQuotas, TableQuotas, tableOf, type Units } from "../proxy-quotas.js";
import type { DemoSettings } from "./settings.js";
import type { Setup } from "./setups.js";

const WARM_UP_MS = 2_000;

/** One environment's way to the services. */
export interface Way {
  readonly variables: Readonly<Record<string, string>>;
  /** The calls that have ended since this was asked last. */
  takeEnded(): readonly EndedCall[];
  stop(): Promise<void>;
}

export interface Site {
  openWay(setup: Setup): Promise<Way>;
  /** What the calls to the log's table were billed so far. */
  unitsOfLog(): Units;
  stop(): Promise<void>;
}

/** Whether a call is one to the log, not to the source. */
export const isLogCall = ({ body, operation }: Call): boolean =>
  KINESIS.has(operation) || tableOf(body) === LOG_TABLE_NAME;
export const isLogRead = (call: Call): boolean => isLogCall(call) && LOG_READS.has(call.operation);
export const isLoad = (call: Call): boolean => !isLogCall(call) && call.operation === "GetItem";

const KINESIS: ReadonlySet<string> = new Set(["ListShards", "GetShardIterator", "GetRecords", "PutRecords"]);
const LOG_READS: ReadonlySet<string> = new Set(["ListShards", "GetShardIterator", "GetRecords", "GetItem", "Query"]);

export async function openSite(
  settings: DemoSettings,
  setups: readonly Setup[],
  userids: readonly string[],
): Promise<Site> {
  const emulators = await startEmulators(settings.shards);
  const { kinesis, dynamoDb } = emulators;
  const partitionKeys = {
    [LOG_TABLE_NAME]: "pk",
    ...Object.fromEntries(setups.map(({ usersTable }) => [usersTable, "userid"])),
  };
  const [streamQuotas, tableQuotas] = [new StreamQuotas(), new TableQuotas(partitionKeys)];
  for (const { usersTable } of setups) {
    await createUsersTable(dynamoDb, usersTable);
    await putUsers(dynamoDb, userids, usersTable);
  }
  await warmUp(kinesis, WARM_UP_MS);

  return {
    async openWay(setup) {
      let ended: EndedCall[] = [];
      const onEnded = (call: EndedCall) => ended.push(call);
      const toKinesis = await startProxy(kinesis.endpoint, {
        latencyMs: settings.kinesisMs,
        quotas: streamQuotas,
        onEnded,
      });
      const toDynamoDb = await startProxy(dynamoDb.endpoint, {
        latencyMs: settings.sourceMs,
        latencyOf: (call) => (isLogCall(call) ? settings.dynamoDbMs : undefined),
        quotas: tableQuotas,
        onEnded,
      });
      if (settings.break) {
        toKinesis.fault("GetRecords", { rewriteAnswer: (answer) => ({ ...answer, Records: [] }) });
        toDynamoDb.fault("GetItem", {
          when: (body) => tableOf(body) === LOG_TABLE_NAME,
          rewriteAnswer: alwaysTheFirst(),
        });
      }
      return {
        variables: {
          ...usersVariables(toKinesis.endpoint, toDynamoDb.endpoint),
          ...setup.variables,
        },
        takeEnded() {
          const taken = ended;
          ended = [];
          return taken;
        },
        async stop() {
          await Promise.all([toKinesis.stop(), toDynamoDb.stop()]);
        },
      };
    },
    unitsOfLog: () => tableQuotas.used(LOG_TABLE_NAME),
    stop: () => emulators.stop(),
  };
}
