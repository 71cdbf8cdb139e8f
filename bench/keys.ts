/** The data ids and values every contestant is measured with: the same keys, the same sizes, the same order. */

import { type DataId, dataSource } from "../src/core/data-id.js";
import { seededRandom } from "./statistics.js";

export interface User {
  readonly id: string;
  readonly name: string;
  readonly note: string;
}

const NOTE = "n".repeat(200);

export const userById = dataSource<User>("db.users.id");

export function ids(count: number, prefix = "user"): DataId<User>[] {
  return Array.from({ length: count }, (_, index) => userById(`${prefix}-${index}`));
}

export function userOf(id: string): User {
  return { id, name: `name of ${id}`, note: NOTE };
}

/** `picks` members in a random but repeatable order. */
export function pick<T>(from: readonly T[], picks: number, seed = 20180626): T[] {
  const random = seededRandom(seed);
  return Array.from({ length: picks }, () => from[Math.floor(random() * from.length)] as T);
}
