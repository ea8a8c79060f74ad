/**
 * Keeps certificates for those who want them: issues what is new, renews at four fifths of the lifetime, and again at once when the
 * names or the CA change. What was issued stays in use until its successor is there, so that a failing CA takes nothing away.
 */
import { type Clock, errorMessage, type TimerHandle } from "@isthmus/std";
import {
  type CaKeyPair,
  CertificateAuthority,
  type CertificateNames,
  type WorkloadCertificate,
} from "./certificate-authority.ts";

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
  identity: string;
  certificate: WorkloadCertificate | undefined;
  timer: TimerHandle | undefined;
  isIssuing: boolean;
}

const RENEW_AT = 0.8;
const RETRY_MS = 5_000;
/** Node's longest timer. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export class CertificateKeeper {
  readonly #options: CertificateKeeperOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #authorities = new Map<string, Promise<CertificateAuthority>>();

  constructor(options: CertificateKeeperOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#kept.size;
  }

  want(key: string, wish: CertificateWish): void {
    const identity = identityOf(wish);
    const kept = this.#kept.get(key);
    if (kept?.identity === identity) return;
    const next: Kept = kept ?? { wish, identity, certificate: undefined, timer: undefined, isIssuing: false };
    next.wish = wish;
    next.identity = identity;
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
    const { wish, identity } = kept;
    void this.#make(wish).then(
      (certificate) => this.#issued(key, kept, identity, certificate),
      (error: unknown) => this.#failed(key, kept, identity, errorMessage(error)),
    );
  }

  async #make({ ca, ...request }: CertificateWish): Promise<WorkloadCertificate> {
    const authority = await this.#authority(ca);
    return authority.issue({ ...request, nowMs: this.#options.clock.now() });
  }

  #authority(ca: CaKeyPair): Promise<CertificateAuthority> {
    const id = `${ca.cert}\u0000${ca.key}`;
    const known = this.#authorities.get(id);
    if (known !== undefined) return known;
    // One mesh has one CA, and each rotation another: old ones are not kept.
    if (this.#authorities.size >= 64) this.#authorities.clear();
    const opened = CertificateAuthority.open(ca).then((result) => {
      if (result.ok) return result.value;
      this.#authorities.delete(id);
      throw new Error(result.error);
    });
    this.#authorities.set(id, opened);
    return opened;
  }

  #issued(key: string, kept: Kept, identity: string, certificate: WorkloadCertificate): void {
    kept.isIssuing = false;
    if (this.#kept.get(key) !== kept) return;
    if (kept.identity !== identity) return this.#issue(key, kept);
    kept.certificate = certificate;
    this.#renewIn(key, kept, (certificate.expiresAtMs - certificate.issuedAtMs) * RENEW_AT);
    this.#options.onIssued(key, certificate);
  }

  #failed(key: string, kept: Kept, identity: string, reason: string): void {
    kept.isIssuing = false;
    if (this.#kept.get(key) !== kept) return;
    if (kept.identity !== identity) return this.#issue(key, kept);
    this.#renewIn(key, kept, RETRY_MS);
    this.#options.onError(key, reason);
  }

  #renewIn(key: string, kept: Kept, ms: number): void {
    const step = Math.min(ms, TIMER_MAX_MS);
    kept.timer = this.#options.clock.setTimeout(() => {
      if (step < ms) this.#renewIn(key, kept, ms - step);
      else this.#issue(key, kept);
    }, step);
  }
}

function identityOf({ ca, uris, hosts, purpose, validForMs }: CertificateWish): string {
  return JSON.stringify([ca.cert, ca.key, uris, hosts, purpose, validForMs]);
}
