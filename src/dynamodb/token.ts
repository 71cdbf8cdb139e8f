/**
 * Tokens and the places they name: a record's number and the incarnation it counts in. Tokens come back from browsers, so
 * anything may stand in one: what is not understood names nothing, which no reader has read.
 */

/** Where one record was written, or where a token ends. */
export interface Written {
  readonly incarnation: string;
  readonly number: number;
}

/** For a cookie. */
const MAX_TOKEN_BYTES = 1_024;
/** Names nothing, so whoever is shown it makes a reading. */
const READ = "read";
const PLACE = /^(\d{1,15}):(.+)$/s;

export function placeOf({ incarnation, number }: Written): string {
  return `${number}:${incarnation}`;
}

/** Names the last of these places. Where they are of more than one log, nobody knows which came last. */
export function tokenOf(places: readonly string[]): string {
  const written = places.map(parse);
  const incarnations = new Set(written.map((one) => one?.incarnation));
  const [incarnation] = incarnations;
  if (incarnations.size !== 1 || incarnation === undefined) return READ;
  const number = written.reduce((last, one) => Math.max(last, one?.number ?? 0), 0);
  const token = Buffer.from(placeOf({ incarnation, number })).toString("base64url");
  return token.length <= MAX_TOKEN_BYTES ? token : READ;
}

/** Undefined for what is no token of a log in DynamoDB. */
export function readToken(token: string): Written | undefined {
  return token.length <= MAX_TOKEN_BYTES ? parse(Buffer.from(token, "base64url").toString()) : undefined;
}

function parse(place: string): Written | undefined {
  const [, number, incarnation] = PLACE.exec(place) ?? [];
  return incarnation === undefined ? undefined : { incarnation, number: Number(number) };
}
