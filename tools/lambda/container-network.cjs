/**
 * What a function's process can reach when it plays a container: its own Runtime API, and the host by its gateway, by
 * address or by a name that stands for it. It exists because the process shares this machine's network, where a
 * container's does not: nothing may work here that would not in a container, and nothing may leave this machine.
 * Not covered: a process that the function starts itself, names looked up without connecting, and UDP.
 */
const { isIP, Socket } = require("node:net");

/** `names` to addresses, as in a container's hosts file; what listens for `gateway` on this machine is at `gatewayIs`. */
exports.install = function install({ names, gateway, gatewayIs }) {
  const runtimeApi = process.env.AWS_LAMBDA_RUNTIME_API;
  const connect = Socket.prototype.connect;

  /** Where a connection goes, or the error a container would meet. */
  function destination({ path, host = "localhost", port }) {
    // A socket of this machine's file system.
    if (path) return { error: failure("ENOENT", `connect ENOENT ${path}`, { address: path }) };
    const own = host === "localhost" || !host ? "127.0.0.1" : host;
    const address = names[own] ?? own;
    if (isIP(address) === 0)
      return { error: failure("ENOTFOUND", `getaddrinfo ENOTFOUND ${host}`, { hostname: host }) };
    if (`${address}:${port}` === runtimeApi) return { address };
    if (address === gateway) return { address: gatewayIs };
    const code = address.startsWith("127.") || address === "::1" ? "ECONNREFUSED" : "ENETUNREACH";
    return { error: failure(code, `connect ${code} ${address}:${port}`, { address, port }) };
  }

  Socket.prototype.connect = function toContainerNetwork(...args) {
    const [options, listener] = optionsOf(args);
    const { address, error } = destination(options);
    if (error === undefined) return connect.call(this, { ...options, host: address }, listener);
    // Told by a look-up that fails, so that it reaches the socket's owner when and as such errors do.
    const lookup = (_name, _options, done) => process.nextTick(done, error);
    return connect.call(
      this,
      { ...options, path: undefined, port: options.port ?? 0, host: "nowhere", lookup },
      listener,
    );
  };
};

/** `connect` takes options, or a port and a host, or (from Node.js itself) both these in an array. */
function optionsOf(args) {
  if (Array.isArray(args[0])) return args[0];
  const listener = args.find((value) => typeof value === "function");
  if (typeof args[0] === "object") return [args[0], listener];
  const [port, host] = args;
  return Number.isNaN(Number(port))
    ? [{ path: port }]
    : [{ port, host: typeof host === "string" ? host : undefined }, listener];
}

function failure(code, message, details) {
  return Object.assign(new Error(message), { code, syscall: message.split(" ")[0], ...details });
}
