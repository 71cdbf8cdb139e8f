/**
 * Loaded before the runtime interface client, in the function's process: gives it a client for the Runtime API written
 * in JavaScript in place of its native one (which would have to be compiled), and a movable clock or a container's
 * network if asked for.
 */
const Module = require("node:module");
const { join } = require("node:path");

if (process.env.LOCAL_MOVABLE_CLOCK === "1") require("../emulators/movable-clock.cjs").install();
if (process.env.LOCAL_NETWORK !== undefined) {
  require("./container-network.cjs").install(JSON.parse(process.env.LOCAL_NETWORK));
  delete process.env.LOCAL_NETWORK;
}

const resolve = Module._resolveFilename;
Module._resolveFilename = function resolveFilename(request, ...rest) {
  if (request === "./rapid-client.node") return join(__dirname, "rapid-client.cjs");
  return resolve.call(this, request, ...rest);
};
