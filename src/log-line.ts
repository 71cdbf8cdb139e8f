/**
 * The logger of those who give none: one line of JSON for each message, as Powertools Logger writes it, on standard output,
 * which Lambda sends to CloudWatch. Powertools itself would be a fifth of a function's bundle, for a line or two a day.
 * It must write a line whole, and nothing below the level that the environment asks for.
 */

/** Both as text in the line and as what decides: a line is written from the level asked for upwards. */
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "CRITICAL", "FATAL", "SILENT"];

type Write = (message: string, detail: Record<string, unknown>) => void;

export interface LineLogger {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
}

export interface LineLoggerOptions {
  readonly serviceName?: string | undefined;
  /** The least that is written, by the names of Lambda and Powertools. Default, also for what is no level: `INFO`. */
  readonly level?: string | undefined;
  now(): number;
}

/** The level that an environment asks for: Lambda's own setting first, then those that Powertools reads. */
export function logLevelOf(env: NodeJS.ProcessEnv): string | undefined {
  return env.AWS_LAMBDA_LOG_LEVEL ?? env.POWERTOOLS_LOG_LEVEL ?? env.LOG_LEVEL;
}

export function createLineLogger({ serviceName, level = "", now }: LineLoggerOptions): LineLogger {
  const asked = LEVELS.indexOf(level.toUpperCase());
  const least = asked < 0 ? LEVELS.indexOf("INFO") : asked;
  const at =
    (name: string): Write =>
    (message, detail) => {
      if (LEVELS.indexOf(name) < least) return;
      const timestamp = new Date(now()).toISOString();
      const line = { level: name, message, timestamp, service: serviceName, ...detail };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    };
  return { debug: at("DEBUG"), info: at("INFO"), warn: at("WARN") };
}
