/**
 * Keeps certificates for those who want them: issues what is new, renews at four fifths of the lifetime, and again at once when the
 * names or the CA change. What was issued stays in use until its successor is there, so that a failing CA takes nothing away.
 */
import { isDeepStrictEqual } from "node:util";
import { type Clock, errorMessage, type TimerHandle } from "@isthmus/std";
import type { CaKeyPair } from "./ca-key-pair.ts";
import { CertificateAuthority, type WorkloadCertificate } from "./certificate-authority.ts";
import type { CertificateNames } from "./leaf-certificate.ts";

export interface CertificateWish extends CertificateNames {
  readonly ca: CaKeyPair;
  readonly validForMs: number;
}

export interface CertificateKeeperOptions {
  readonly clock: Clock;
  readonly onIssued: (key: string, certificate: WorkloadCertificate) => void;
  readonly onError: (key: string, reason: string) => void;
}

interface Kept {
  wish: CertificateWish;
  timer: TimerHandle | undefined;
  isIssuing: boolean;
}

const RENEW_AT = 0.8;
const RETRY_MS = 5_000;

export class CertificateKeeper {
  readonly #options: CertificateKeeperOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #authorities = new WeakMap<CaKeyPair, CertificateAuthority>();

  constructor(options: CertificateKeeperOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#kept.size;
  }

  want(key: string, wish: CertificateWish): void {
    const kept = this.#kept.get(key);
    if (kept !== undefined && isDeepStrictEqual(kept.wish, wish)) return;
    const next: Kept = kept ?? { wish, timer: undefined, isIssuing: false };
    next.wish = wish;
    this.#kept.set(key, next);
    this.#issue(key, next);
  }

  drop(key: string): void {
    this.#kept.get(key)?.timer?.cancel();
    this.#kept.delete(key);
  }

  stop(): void {
    for (const key of this.#kept.keys()) this.drop(key);
  }

  #issue(key: string, kept: Kept): void {
    kept.timer?.cancel();
    kept.timer = undefined;
    if (kept.isIssuing) return;
    kept.isIssuing = true;
    const { wish } = kept;
    void this.#make(wish).then(
      (certificate) => this.#issued(key, kept, wish, certificate),
      (error: unknown) => this.#failed(key, kept, wish, errorMessage(error)),
    );
  }

  async #make({ ca, ...request }: CertificateWish): Promise<WorkloadCertificate> {
    return this.#authority(ca).issue({ ...request, nowMs: this.#options.clock.now() });
  }

  #authority(ca: CaKeyPair): CertificateAuthority {
    const known = this.#authorities.get(ca);
    if (known !== undefined) return known;
    const opened = CertificateAuthority.open(ca);
    if (!opened.ok) throw new Error(opened.error);
    this.#authorities.set(ca, opened.value);
    return opened.value;
  }

  #issued(key: string, kept: Kept, wish: CertificateWish, certificate: WorkloadCertificate): void {
    kept.isIssuing = false;
    if (this.#kept.get(key) !== kept) return;
    if (kept.wish !== wish) return this.#issue(key, kept);
    this.#renewIn(key, kept, (certificate.expiresAtMs - certificate.issuedAtMs) * RENEW_AT);
    this.#options.onIssued(key, certificate);
  }

  #failed(key: string, kept: Kept, wish: CertificateWish, reason: string): void {
    kept.isIssuing = false;
    if (this.#kept.get(key) !== kept) return;
    if (kept.wish !== wish) return this.#issue(key, kept);
    this.#renewIn(key, kept, RETRY_MS);
    this.#options.onError(key, reason);
  }

  #renewIn(key: string, kept: Kept, ms: number): void {
    kept.timer = this.#options.clock.setTimeout(() => this.#issue(key, kept), ms);
  }
}
