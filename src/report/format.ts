/** Numbers as people read them: in English, short, and never with more figures than they are worth. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function formatCount(value: number): string {
  return Math.round(value).toLocaleString("en-GB");
}

/** Three figures and a unit: `0.42 ms`, `38.1 s`, `2 h 5 min`. */
export function formatDuration(valueMs: number): string {
  const ms = Math.abs(valueMs);
  const sign = valueMs < 0 ? "−" : "";
  if (ms < 0.005) return "0 ms";
  if (ms < SECOND * 0.9995) return `${sign}${figures(ms)} ms`;
  if (ms < MINUTE) return `${sign}${figures(ms / SECOND)} s`;
  if (ms < HOUR) return sign + pair(ms, MINUTE, "min", SECOND, "s");
  if (ms < 2 * DAY) return sign + pair(ms, HOUR, "h", MINUTE, "min");
  return sign + pair(ms, DAY, "d", HOUR, "h");
}

export function formatShare(share: number | null): string {
  if (share === null) return "–";
  const percent = share * 100;
  return `${percent > 99.95 || percent < 0.05 ? Math.round(percent) : percent.toFixed(1)} %`;
}

export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1_000 && unit < units.length - 1; unit += 1) value /= 1_000;
  return `${unit === 0 ? value : figures(value)} ${units[unit]}`;
}

/** UTC, to the minute, or to the second where that is needed to tell two times apart. */
export function formatTime(timestampMs: number, withSeconds: boolean): string {
  return new Date(timestampMs)
    .toISOString()
    .slice(0, withSeconds ? 19 : 16)
    .replace("T", " ");
}

function figures(value: number): string {
  if (value >= 99.95) return String(Math.round(value));
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

function pair(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const whole = Math.round(ms / small);
  const per = large / small;
  const rest = whole % per;
  return `${Math.floor(whole / per)} ${largeName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

/** For `JSON.stringify`: microseconds and thousandths are finer than anything measured. */
export function inThousandths(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 1_000) / 1_000 : value;
}
