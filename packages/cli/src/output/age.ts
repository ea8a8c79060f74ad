/** Times as an operator reads them: how long ago. */
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** `3s`, `5m`, `2h`, `4d`, `1y`: one unit, rounded down. */
export function formatAge(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) return `${whole}s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)}h`;
  if (whole < YEAR) return `${Math.floor(whole / DAY)}d`;
  return `${Math.floor(whole / YEAR)}y`;
}

/** Since an RFC 3339 time; `never` without one. A time that is a little ahead, as clocks are, is now. */
export function ago(time: string | undefined, nowMs: number): string {
  const since = Date.parse(time ?? "");
  // Go prints a time that was never set as one of the year 1.
  return Number.isNaN(since) || since <= 0 ? "never" : formatAge((nowMs - since) / 1000);
}

/** `2026-11-24 23:15:35` in UTC, or `-`. */
export function formatDate(time: string | undefined): string {
  const at = Date.parse(time ?? "");
  return Number.isNaN(at) || at <= 0 ? "-" : new Date(at).toISOString().slice(0, 19).replace("T", " ");
}
