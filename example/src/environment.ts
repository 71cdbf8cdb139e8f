/**
 * What the example is told by its environment: the log of invalidations, the table, who publishes, and whether to leave the
 * cache out. The AWS SDK reads the rest itself (AWS_REGION, AWS_ENDPOINT_URL_KINESIS, AWS_ENDPOINT_URL_DYNAMODB).
 */

type Name = "STREAM_NAME" | "LOG_TABLE_NAME" | "TABLE_NAME";

/** The value of an environment variable that must be there; without it the function does not start. */
export function required(name: Name): string {
  const value = optional(name);
  if (value === undefined) throw new Error(`the environment variable ${name} must be set`);
  return value;
}

/** A template sets what does not apply to an empty text. */
const optional = (name: Name): string | undefined => process.env[name] || undefined;

/** The log of invalidations: a table in DynamoDB, or else the Kinesis stream that STREAM_NAME names. */
export const logIsTable = optional("LOG_TABLE_NAME") !== undefined;
export const LOG = logIsTable ? required("LOG_TABLE_NAME") : required("STREAM_NAME");

/** `INVALIDATIONS=table-stream`: a relay publishes what the table itself says has changed, and the writer does not. */
export const relayPublishes = (): boolean => process.env.INVALIDATIONS === "table-stream";

/** `SCACHE_OFF=1`: every read goes to the table, to see what the cache saves. */
export const cacheIsOff = (): boolean => process.env.SCACHE_OFF === "1";

/** `MAX_STALENESS_MS=60000`: an environment looks into the log once a minute; without it, at each request. */
export const maxStalenessMs = (): number => Number(process.env.MAX_STALENESS_MS || 0);
