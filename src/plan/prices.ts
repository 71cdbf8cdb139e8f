/**
 * What AWS charges for a log: the only prices in this package. They are of one region and one day, and said with both wherever
 * they are used. Left out, since it is nothing beside them: storage, and Lambda's own time.
 */

export const PRICES = {
  region: "us-east-1",
  /** When they were looked up. */
  asOf: "2026-11-27",
  /** https://aws.amazon.com/kinesis/data-streams/pricing/, provisioned; GetRecords is free. */
  kinesis: { dollarsPerShardHour: 0.015, dollarsPerMillionPutUnits: 0.014 },
  /** https://aws.amazon.com/dynamodb/pricing/on-demand/, standard tables. What is throttled is not billed. */
  dynamodb: { dollarsPerMillionReadUnits: 0.125, dollarsPerMillionWriteUnits: 0.625 },
} as const;

const HOURS_PER_MONTH = 730;
const MILLION_SECONDS_PER_MONTH = (HOURS_PER_MONTH * 3_600) / 1e6;

/** @param recordsPerSecond each smaller than one PUT payload unit */
export function streamDollarsPerMonth(shards: number, recordsPerSecond: number): number {
  const { dollarsPerShardHour, dollarsPerMillionPutUnits } = PRICES.kinesis;
  const puts = recordsPerSecond * MILLION_SECONDS_PER_MONTH * dollarsPerMillionPutUnits;
  return shards * HOURS_PER_MONTH * dollarsPerShardHour + puts;
}

/** On demand. */
export function tableDollarsPerMonth(readUnitsPerSecond: number, writeUnitsPerSecond: number): number {
  const { dollarsPerMillionReadUnits, dollarsPerMillionWriteUnits } = PRICES.dynamodb;
  const perSecond = readUnitsPerSecond * dollarsPerMillionReadUnits + writeUnitsPerSecond * dollarsPerMillionWriteUnits;
  return perSecond * MILLION_SECONDS_PER_MONTH;
}

export const PRICES_SAID = `${PRICES.region} as of ${PRICES.asOf}: Kinesis $${PRICES.kinesis.dollarsPerShardHour} a shard-hour and $${PRICES.kinesis.dollarsPerMillionPutUnits} per million PUT units; DynamoDB on demand $${PRICES.dynamodb.dollarsPerMillionReadUnits} per million read units and $${PRICES.dynamodb.dollarsPerMillionWriteUnits} per million write units`;
