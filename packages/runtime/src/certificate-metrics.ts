/** When the certificates that this program shows to others end: those who renew them are told in time. */
import { X509Certificate } from "node:crypto";
import type { Metrics } from "./metrics.ts";

const MS_PER_SECOND = 1_000;

/**
 * `use`: what the certificate is for, as the alert shows it. `pem` is asked at every scrape, since certificates are exchanged
 * while the program runs; undefined or unreadable: nothing is told.
 */
export class CertificateMetrics {
  readonly #uses = new Map<string, () => string | Buffer | undefined>();

  constructor(metrics: Metrics) {
    metrics.gauge(
      "isthmus_certificate_expiry_timestamp_seconds",
      "When a certificate of this program ends, seconds since the Unix epoch",
      ["use"],
      (gauge) => {
        gauge.reset();
        for (const [use, pem] of this.#uses) {
          const expiry = expirySeconds(pem());
          if (expiry !== undefined) gauge.set({ use }, expiry);
        }
      },
    );
  }

  watch(use: string, pem: () => string | Buffer | undefined): void {
    this.#uses.set(use, pem);
  }
}

/** Of a chain the first certificate counts. */
function expirySeconds(pem: string | Buffer | undefined): number | undefined {
  if (pem === undefined) return undefined;
  try {
    const time = Date.parse(new X509Certificate(pem).validTo);
    return Number.isNaN(time) ? undefined : time / MS_PER_SECOND;
  } catch {
    return undefined;
  }
}
