/**
 * The type of the option `client`, apart from the SDK's: those fit only the very same version, and what a user sees of ours
 * must compile beside any.
 */

/** A client of the AWS SDK, of any version of its third major. */
export interface ClientLike {
  send(...args: never[]): unknown;
}
