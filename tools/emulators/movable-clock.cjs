/**
 * Moves the clock of a whole thread: Date, performance.now and process.hrtime, for everything loaded after this.
 * It exists so that hours can pass between two invocations of a test: the function's process and the embedded Kinesis
 * are moved together, and iterators then expire as they do in real hours. Timers are not moved; they still run.
 */
let offsetMs = 0;

/** Puts the movable clock in place of the thread's own; until moved, it tells the same time. */
exports.install = function install() {
  const RealDate = Date;
  const now = () => RealDate.now() + offsetMs;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
  });
  const monotonic = performance.now.bind(performance);
  performance.now = () => monotonic() + offsetMs;
  const monotonicNs = process.hrtime.bigint;
  const bigint = () => monotonicNs() + BigInt(Math.round(offsetMs * 1e6));
  const hrtime = ([seconds, nanoseconds] = [0, 0]) => {
    const ns = bigint() - BigInt(seconds) * 10n ** 9n - BigInt(nanoseconds);
    return [Number(ns / 10n ** 9n), Number(ns % 10n ** 9n)];
  };
  process.hrtime = Object.assign(hrtime, { bigint });
};

/** How far this thread's clock is ahead of the machine's, from now on. */
exports.moveTo = function moveTo(ms) {
  offsetMs = ms;
};
