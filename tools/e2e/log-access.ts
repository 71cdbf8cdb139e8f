/**
 * How the log of a site is reached, whichever it is: which calls are its, and what reading and publishing are called. It exists
 * so that troubles are made in one way for both logs; on a table they must not meet the source, which is called there, too.
 */
import { LOG_TABLE_NAME, type Services, TABLE_NAME, type TableServices } from "../emulators/services.js";
import type { AddedFault, Body, FaultProxy } from "../proxy.js";
import { alwaysTheFirst, type FaultRule } from "../proxy-faults.js";
import { tableOf } from "../proxy-quotas.js";

export type LogOperation = "read" | "publish" | "any";

/** Whether a call is one to the source: to the table of users. */
export const isOfSource = (body: Body): boolean => tableOf(body) === TABLE_NAME;

export interface LogAccess {
  fault(operation: LogOperation, rule: FaultRule, times?: number): AddedFault;
  /** How many there were. */
  resetConnections(): number;
  blackHoleConnections(): number;
  /** Nobody is told any more what is written into the log. */
  hideRecords(): void;
}

/** To the stream, where there is a Kinesis. */
export function logAccess({ kinesisProxy, dynamoDbProxy }: TableServices & Partial<Services>): LogAccess {
  return kinesisProxy === undefined ? tableAccess(dynamoDbProxy) : streamAccess(kinesisProxy);
}

function streamAccess(proxy: FaultProxy): LogAccess {
  const names = { read: "GetRecords", publish: "PutRecords", any: "*" };
  return {
    fault: (operation, rule, times) => proxy.fault(names[operation], rule, times),
    resetConnections: () => proxy.resetConnections(),
    blackHoleConnections: () => proxy.blackHoleConnections(),
    hideRecords: () => void proxy.fault("GetRecords", { rewriteAnswer: (answer) => ({ ...answer, Records: [] }) }),
  };
}

function tableAccess(proxy: FaultProxy): LogAccess {
  const names = { read: "GetItem", publish: "UpdateItem", any: "*" };
  const isOfLog = (body: Body) => tableOf(body) === LOG_TABLE_NAME;
  return {
    fault: (operation, rule, times) => proxy.fault(names[operation], { ...rule, when: isOfLog }, times),
    resetConnections: () => proxy.resetConnections(({ body }) => isOfLog(body)),
    blackHoleConnections: () => proxy.blackHoleConnections(({ body }) => isOfLog(body)),
    hideRecords: () => void proxy.fault("GetItem", { when: isOfLog, rewriteAnswer: alwaysTheFirst() }),
  };
}
