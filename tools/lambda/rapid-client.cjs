/**
 * The part of AWS's runtime interface client that speaks to the Runtime API, over node:http instead of native code.
 * One difference remains: the native client blocks the thread while it posts an answer, this one does not.
 */
const { writeSync } = require("node:fs");
const { Agent, request } = require("node:http");
const { isMainThread } = require("node:worker_threads");
const { moveTo } = require("../emulators/movable-clock.cjs");

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const PREFIX = "/2018-06-01/runtime/invocation/";
const polling = new Agent({ keepAlive: true, maxSockets: 1 });
const answering = new Agent({ keepAlive: true });
let answered = Promise.resolve();
/** The invocation whose log has not been marked as ended. */
let unmarked;

function call(method, path, agent, body, headers) {
  return new Promise((resolve, reject) => {
    const options = { host, port, method, agent, path: PREFIX + path, headers };
    const sent = request(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ bodyJson: text, headers: response.headers }));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Without the Runtime API there is nothing to live for. */
const leave = () => process.exit(0);

function post(path, body, headers = {}) {
  const posted = call("POST", path, answering, body, { "content-type": "application/json", ...headers });
  // Asking for the next invocation before the answer has arrived would have the process frozen with the answer in it.
  if (isMainThread) answered = posted.catch(leave);
  else posted.catch(leave);
}

/** Written in one piece behind all the invocation has logged, so that the reader knows its log to be complete. */
function markEndOfLog(id) {
  unmarked = undefined;
  if (isMainThread) writeSync(1, `\u0001end ${id}\n`);
}

exports.next = async () => {
  // A streamed answer does not come by here: it has been given when the runtime asks for more.
  if (unmarked !== undefined) markEndOfLog(unmarked);
  await answered;
  const invocation = await call("GET", "next", polling).catch(leave);
  unmarked = isMainThread ? invocation.headers["lambda-runtime-aws-request-id"] : undefined;
  moveTo(Number(invocation.headers["local-clock-offset-ms"] ?? 0));
  return invocation;
};

exports.done = (id, body) => {
  markEndOfLog(id);
  post(`${id}/response`, body);
};

exports.error = (id, body, xRayCause) => {
  markEndOfLog(id);
  post(`${id}/error`, body, {
    "lambda-runtime-function-xray-error-cause": encodeURIComponent(xRayCause).slice(0, 1000),
  });
};
