/**
 * Nobody publishes, and still nobody is served what is old: rows are changed with the bare SDK, a relay is given the records
 * of these changes, and once it has answered that they are done, every environment must serve the new rows. Before that the
 * old ones are served, or there would be nothing to see.
 */
import type { LambdaEnvironment } from "../lambda/environment.js";
import { anyUser, type Site, USERS } from "./site.js";
import { type Changed, type StreamRecord, TableWriter } from "./table-stream.js";

export interface RelayCounts {
  /** Batches of changes, one invocation of the relay each, if it succeeds. */
  rounds: number;
  /** Rows changed, and records that tell of them. */
  changes: number;
  records: number;
  /** Answers with the old row, between a change and its relay. */
  oldBefore: number;
  /** Answers given once the relay had answered, all judged, and those that were old. */
  answersAfter: number;
  staleReads: number;
  /** Invocations that could not publish everything, so that the rest of their batch was given again. */
  givenAgain: number;
}

/** So many times a batch is given again before the run gives up. */
const MAX_ATTEMPTS = 5;

export async function runRelay(site: Site, rounds: number, signal: AbortSignal): Promise<RelayCounts> {
  const counts: RelayCounts = {
    rounds: 0,
    changes: 0,
    records: 0,
    oldBefore: 0,
    answersAfter: 0,
    staleReads: 0,
    givenAgain: 0,
  };
  if (rounds === 0) return counts;
  const { taskRoot, handler } = await site.buildRelay();
  const relay = await site.createEnvironment({ taskRoot, handler, functionName: "relay" });
  const readers = [await site.createEnvironment(), await site.createEnvironment()];
  const writer = new TableWriter(site.services.dynamoDb);
  for (; counts.rounds < rounds && !signal.aborted; counts.rounds += 1) {
    // Twice: a second look takes the place in the log, where the first found an empty cache.
    for (const reader of readers) for (const userid of [...USERS, anyUser()]) await site.read(reader, userid);
    const changed = await changeSome(writer, counts);
    await countOld(site, readers, changed, counts);
    await relayAll(site, relay, changed, counts);
    await judgeAll(site, readers, counts);
  }
  writer.close();
  for (const environment of [relay, ...readers]) await site.remove(environment);
  return counts;
}

/** A row or several, changed or loaded anew. */
async function changeSome(writer: TableWriter, counts: RelayCounts): Promise<readonly Changed[]> {
  const changed: Changed[] = [];
  for (let row = 0; row <= counts.rounds % 3; row += 1) {
    const userid = anyUser();
    changed.push(await ((counts.rounds + row) % 2 === 0 ? writer.update(userid) : writer.replace(userid)));
  }
  counts.changes += changed.length;
  counts.records += changed.flatMap(({ records }) => records).length;
  return changed;
}

async function countOld(
  site: Site,
  readers: readonly LambdaEnvironment[],
  changed: readonly Changed[],
  counts: RelayCounts,
): Promise<void> {
  for (const { userid, version } of changed) {
    for (const reader of readers) {
      const answered = await site.read(reader, userid);
      if (answered !== undefined && answered.version < version) counts.oldBefore += 1;
    }
  }
}

/** As Lambda does: what the relay reports, and all that follows it, is given again. */
async function relayAll(
  site: Site,
  relay: LambdaEnvironment,
  changed: readonly Changed[],
  counts: RelayCounts,
): Promise<void> {
  // Now and then the log cannot be written while the relay runs for the first time.
  const added = counts.rounds % 4 === 1 ? site.log.fault("publish", { error: "AccessDeniedException" }) : undefined;
  let left: readonly StreamRecord[] = changed.flatMap(({ records }) => records);
  for (let attempt = 0; left.length > 0 && site.broken !== "relay"; attempt += 1) {
    const { result, error } = await relay.invoke({ Records: left });
    added?.remove();
    if (error !== undefined || attempt === MAX_ATTEMPTS) {
      site.failures.push(`the relay: ${error?.errorType}: ${error?.errorMessage ?? "publishes nothing"}`);
      break;
    }
    const [failed] = (result as { batchItemFailures: { itemIdentifier: string }[] }).batchItemFailures;
    const from = left.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === failed?.itemIdentifier);
    if (failed !== undefined) counts.givenAgain += 1;
    left = failed === undefined ? [] : left.slice(Math.max(0, from));
  }
  for (const { userid, version } of changed) site.oracle.acknowledge(userid, version);
}

async function judgeAll(site: Site, readers: readonly LambdaEnvironment[], counts: RelayCounts): Promise<void> {
  const before = site.oracle.violations.length;
  for (const reader of readers) {
    for (const userid of USERS) {
      if ((await site.read(reader, userid)) !== undefined) counts.answersAfter += 1;
    }
  }
  counts.staleReads += site.oracle.violations.length - before;
}
