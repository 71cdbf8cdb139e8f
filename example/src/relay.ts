/**
 * The relay: what the users' table says has changed, in its own stream, is published to the log. So a row that somebody
 * changes by hand, or a script that knows nothing of the cache, is seen by every environment. `template.yaml` deploys it with
 * `Invalidations=table-stream`; the writer then does not publish.
 */
import { fromDynamoDb, relay } from "scache/cdc";
import { LOG, logIsTable, required } from "./environment.js";

// As in log.ts: code of your own imports the one that it uses.
const { createPublisher } = logIsTable ? await import("scache/dynamodb") : await import("scache/publisher");

/** Of which column the ids are made that `userById` makes in routes.ts. */
const tables = { [required("TABLE_NAME")]: { byKey: { "db.users.id": "userid" } } };

export const handler = relay(fromDynamoDb(tables), createPublisher(LOG));
