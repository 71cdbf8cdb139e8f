/**
 * What the example is told by its environment: the stream, the table, and whether to leave the cache out.
 * The AWS SDK reads the rest itself (AWS_REGION, AWS_ENDPOINT_URL_KINESIS, AWS_ENDPOINT_URL_DYNAMODB).
 */

/** The value of an environment variable that must be there; without it the function does not start. */
export function required(name: "STREAM_NAME" | "TABLE_NAME"): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`the environment variable ${name} must be set`);
  return value;
}

/** `SCACHE_OFF=1`: every read goes to the table, to see what the cache saves. */
export const cacheIsOff = (): boolean => process.env.SCACHE_OFF === "1";
