/** Breakages of tokens: when one counts as read, when it makes a reading, and what may be served where it may not. */
import type { Mutant } from "./mutant.js";

const COHERENCE = "src/core/coherence/coherence.ts";
const SERVING_STATE = "src/core/invocation/serving.ts";
const STREAM_TOKEN = "src/kinesis/token.ts";
const TABLE_READER = "src/dynamodb/reader.ts";

export const OF_TOKENS: readonly Mutant[] = [
  {
    name: "every token counts as read",
    file: COHERENCE,
    search: "covers: (token) => reader.isPlaced && reader.covers(token),",
    replace: "covers: () => true,",
  },
  {
    name: "no token counts as read",
    file: COHERENCE,
    search: "covers: (token) => reader.isPlaced && reader.covers(token),",
    replace: "covers: () => false,",
    log: "dynamodb",
  },
  {
    name: "a token of a stream counts as read once any record of its shard was",
    file: STREAM_TOKEN,
    search: " && !isLater(sequenceNumber, range.last)",
    replace: "",
  },
  {
    name: "a token of a table counts as read one record too soon",
    file: TABLE_READER,
    search: "named.number < place.next",
    replace: "named.number <= place.next",
    log: "dynamodb",
  },
  {
    name: "a token of another incarnation of the table counts",
    file: TABLE_READER,
    search: "named.incarnation === place?.incarnation && named.number < place.next",
    replace: "place !== undefined && named.number < place.next",
    log: "dynamodb",
  },
  {
    name: "a token that means nothing makes a reading each time",
    file: SERVING_STATE,
    search: 'if (this.state === "fresh" && !coherence.covers(token)) tokenReadings.wasInVain(clock.monotonic());',
    replace: "",
  },
  {
    name: "what is old is served while no reading is made for tokens",
    file: SERVING_STATE,
    search: 'if (!tokenReadings.mayRead(clock.monotonic())) return this.#serve(from, "bypassed");',
    replace: "if (!tokenReadings.mayRead(clock.monotonic())) return;",
  },
  {
    name: "a token is content with what maxStalenessMs allows",
    file: SERVING_STATE,
    search: "    await this.#readOn(from);\n",
    replace: "    await this.catchUp();\n",
  },
];
