/** How long certificates are still good for. */
import type { X509Certificate } from "node:crypto";
import { formatAge, formatDate } from "../output/age.ts";

const DAY_MS = 86_400_000;
export const FAIL_DAYS = 3;
export const WARN_DAYS = 30;

export interface Expiry {
  readonly broken: readonly string[];
  readonly doubtful: readonly string[];
}

/** `what` is whose certificate it is. */
export function expiryOf(what: string, certificate: X509Certificate, nowMs: number): Expiry {
  const from = Date.parse(certificate.validFrom);
  const until = Date.parse(certificate.validTo);
  const date = `${formatDate(new Date(until).toISOString())} UTC`;
  if (until <= nowMs)
    return { broken: [`${what} expired ${formatAge((nowMs - until) / 1000)} ago (${date})`], doubtful: [] };
  if (from > nowMs) return { broken: [`${what} is not valid yet, by the clock here`], doubtful: [] };
  const days = (until - nowMs) / DAY_MS;
  const text = `${what} expires in ${formatAge((until - nowMs) / 1000)} (${date})`;
  if (days < FAIL_DAYS) return { broken: [text], doubtful: [] };
  return { broken: [], doubtful: days < WARN_DAYS ? [text] : [] };
}

export function merged(expiries: readonly Expiry[]): Expiry {
  return {
    broken: expiries.flatMap(({ broken }) => broken),
    doubtful: expiries.flatMap(({ doubtful }) => doubtful),
  };
}
