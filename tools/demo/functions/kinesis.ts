/** The example's routes with the log of invalidations in a Kinesis stream. */
import { scache } from "scache";
import { required } from "../../../example/src/environment.js";
import { options, serve } from "./serve.js";

export const handler = serve(scache(required("STREAM_NAME"), options));
