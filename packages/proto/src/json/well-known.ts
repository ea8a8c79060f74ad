/** Durations and timestamps as text, the way Kuma prints and accepts them. */
import { parseGoDuration } from "@isthmus/std";
import { ProtoJsonError } from "./json-error.ts";

type Instant = { readonly seconds: bigint; readonly nanos: number };

const NANOS_PER_SECOND = 1_000_000_000;
const DURATION_MAX_SECONDS = 315_576_000_000n;
/** 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z */
const TIMESTAMP_MIN_SECONDS = -62_167_219_200n;
const TIMESTAMP_MAX_SECONDS = 253_402_300_799n;
const RFC3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** Seconds with 0, 3, 6 or 9 digits: "10s", "0.500s", "-1.000001s". */
export function formatDuration({ seconds, nanos }: Instant): string {
  if (seconds > DURATION_MAX_SECONDS || seconds < -DURATION_MAX_SECONDS) {
    throw new ProtoJsonError(`seconds out of range ${seconds}`);
  }
  if (Math.abs(nanos) >= NANOS_PER_SECOND) throw new ProtoJsonError("ns out of range (-1000000000, 1000000000)");
  if ((seconds > 0n && nanos < 0) || (seconds < 0n && nanos > 0)) {
    throw new ProtoJsonError("signs of seconds and nanos do not match");
  }
  const sign = seconds < 0n || nanos < 0 ? "-" : "";
  return `${sign}${seconds < 0n ? -seconds : seconds}${fraction(Math.abs(nanos))}s`;
}

/** Go's notation, of which "10s" and "0.5s" are a part: "1m30s" is accepted too. */
export function parseDuration(text: string): Instant {
  const nanos = parseGoDuration(text);
  if (!nanos.ok) throw new ProtoJsonError(`bad Duration: ${nanos.error}`);
  return {
    seconds: nanos.value / BigInt(NANOS_PER_SECOND),
    nanos: Number(nanos.value % BigInt(NANOS_PER_SECOND)),
  };
}

/** RFC 3339 in UTC with 0, 3, 6 or 9 digits. */
export function formatTimestamp({ seconds, nanos }: Instant): string {
  if (nanos < 0 || nanos >= NANOS_PER_SECOND) throw new ProtoJsonError("ns out of range [0, 1000000000)");
  if (seconds < TIMESTAMP_MIN_SECONDS || seconds > TIMESTAMP_MAX_SECONDS) {
    throw new ProtoJsonError(`timestamp out of range ${seconds}`);
  }
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${fraction(nanos)}Z`;
}

export function parseTimestamp(text: string): Instant {
  const bad = new ProtoJsonError(
    `bad Timestamp: parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05.999999999Z07:00"`,
  );
  const match = RFC3339.exec(text);
  if (match === null) throw bad;
  const [, date = "", hours = "", minutes = "", seconds = "", digits = "", sign = "+", zoneHours, zoneMinutes] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) throw bad;
  const utc = new Date(`${date}T${hours}:${minutes}:${seconds}Z`);
  // V8 rolls February 30th over to March.
  if (Number.isNaN(utc.getTime()) || !utc.toISOString().startsWith(date)) throw bad;
  if (Number(zoneHours ?? 0) > 24 || Number(zoneMinutes ?? 0) > 59) throw bad;
  const offset = (Number(zoneHours ?? 0) * 60 + Number(zoneMinutes ?? 0)) * 60 * (sign === "-" ? -1 : 1);
  return { seconds: BigInt(utc.getTime() / 1000 - offset), nanos: Number(digits.slice(0, 9).padEnd(9, "0")) };
}

function fraction(nanos: number): string {
  if (nanos === 0) return "";
  const digits = nanos.toString().padStart(9, "0");
  return `.${digits.replace(/(?:000){1,2}$/, "")}`;
}
