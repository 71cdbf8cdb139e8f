/**
 * The type of the option `client`. It stands apart from the SDK's, whose types fit only those of the very same version: what
 * a user sees of ours must compile beside any.
 */

/** What is asked of a user's client: a `KinesisClient` of any version of the SDK's third major fits. */
export interface KinesisClientLike {
  send(...args: never[]): unknown;
}
