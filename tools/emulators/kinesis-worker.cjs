/**
 * Runs kinesis-local inside a worker thread, which dies with its process and stops at once (as a child process it
 * survives its parent, and takes half a minute to stop).
 * It listens where it is told, on loopback as a rule: the program itself would listen on every interface, so `listen` is
 * wrapped before it loads. The two port numbers it is given are names, by which the plain and the TLS server are told
 * apart; the latter is nobody's, and stays on loopback.
 */
const { Server } = require("node:net");
const { parentPort, workerData } = require("node:worker_threads");
const clock = require("./movable-clock.cjs");

clock.install();
parentPort.on("message", ({ clockOffsetMs }) => {
  clock.moveTo(clockOffsetMs);
  parentPort.postMessage({ clockOffsetMs });
});

const { PLAIN_PORT_NAME } = workerData;
const listen = Server.prototype.listen;

Server.prototype.listen = function listenWhereTold(requested, ...rest) {
  const isPlain = String(requested) === PLAIN_PORT_NAME;
  const ready = rest.find((argument) => typeof argument === "function");
  // The program would only print it, in a stack trace of its own.
  if (isPlain) this.once("error", ({ message }) => parentPort.postMessage({ problem: message }));
  return listen.call(
    this,
    { port: isPlain ? workerData.port : 0, host: isPlain ? workerData.host : "127.0.0.1" },
    () => {
      if (isPlain) parentPort.postMessage({ port: this.address().port });
      ready?.();
    },
  );
};

require("kinesis-local");
