/** The function that the end-to-end run deploys, with its log in a Kinesis stream. */
import { scache } from "scache";
import { required } from "../../example/src/environment.js";
import { logger, serveWatched } from "./served.js";

export const handler = serveWatched(scache(required("STREAM_NAME"), { logger }));
