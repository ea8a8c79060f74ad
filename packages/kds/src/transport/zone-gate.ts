/**
 * Whether those who call themselves a zone are that zone: asked before a call counts for anything, so that a stranger cannot
 * even push a served zone aside, and asked again when a proof may have ceased to count: it was revoked, its key is gone,
 * it has expired. Without an authentication everybody is who he says, as in Kuma.
 */
import { GrpcCode, type GrpcStatus, type PeerCertificate } from "@isthmus/grpc-kit";
import type { Clock, TimerHandle } from "@isthmus/std";

/** What a call showed. */
export interface ZoneCredentials {
  readonly zone: string;
  /** The header of that name. */
  readonly authorization: string | undefined;
  readonly certificate: PeerCertificate | undefined;
}

export type ZoneVerdict =
  /** `expiresAt`: wall clock ms; undefined: never. */
  | { readonly kind: "admitted"; readonly expiresAt: number | undefined }
  /** Nothing that counts was shown, or it proves another zone. `reason` is what the peer is told. */
  | { readonly kind: "unauthenticated" | "denied"; readonly reason: string };

export interface ZoneAuthentication {
  check(credentials: ZoneCredentials): Promise<ZoneVerdict>;
  /** Calls when verdicts may have changed; returns what ends that. */
  subscribe(listener: () => void): () => void;
}

/** One that was let in: a connection or a stream. */
export interface Admitted {
  readonly credentials: ZoneCredentials;
  end(status: GrpcStatus): void;
}

export interface ZoneGateOptions {
  readonly authentication: ZoneAuthentication | undefined;
  readonly clock: Clock;
}

export class ZoneGate {
  readonly #options: ZoneGateOptions;
  /** Those that were let in, each with what wakes it when its proof expires. */
  readonly #admitted = new Map<Admitted, TimerHandle | undefined>();
  #unsubscribe: (() => void) | undefined;
  /** Counts the times at which verdicts may have changed. */
  #epoch = 0;

  constructor(options: ZoneGateOptions) {
    this.#options = options;
  }

  start(): void {
    this.#unsubscribe = this.#options.authentication?.subscribe(() => {
      this.#epoch += 1;
      for (const each of this.#admitted.keys()) void this.#recheck(each);
    });
  }

  stop(): void {
    this.#unsubscribe?.();
    for (const timer of this.#admitted.values()) timer?.cancel();
    this.#admitted.clear();
  }

  /** Whether there is anything to wait for. */
  get isOpen(): boolean {
    return this.#options.authentication === undefined;
  }

  /** Undefined: come in. Still true in the turn in which it resolves. */
  async refusal(credentials: ZoneCredentials): Promise<GrpcStatus | undefined> {
    const verdict = await this.#judge(credentials);
    return verdict.kind === "admitted" ? undefined : statusOf(verdict);
  }

  /** To be called once for each that came in; returns what to call when it has gone. */
  watch(admitted: Admitted): () => void {
    if (this.isOpen) return () => {};
    this.#admitted.set(admitted, undefined);
    void this.#recheck(admitted);
    return () => {
      this.#admitted.get(admitted)?.cancel();
      this.#admitted.delete(admitted);
    };
  }

  async #recheck(admitted: Admitted): Promise<void> {
    const verdict = await this.#judge(admitted.credentials);
    if (!this.#admitted.has(admitted)) return;
    this.#admitted.get(admitted)?.cancel();
    if (verdict.kind === "admitted") {
      this.#admitted.set(admitted, this.#timerFor(verdict.expiresAt, admitted));
      return;
    }
    this.#admitted.delete(admitted);
    admitted.end(statusOf(verdict));
  }

  #timerFor(expiresAt: number | undefined, admitted: Admitted): TimerHandle | undefined {
    if (expiresAt === undefined) return undefined;
    const { clock } = this.#options;
    const delayMs = Math.max(0, expiresAt - clock.now());
    return clock.setTimeout(() => void this.#recheck(admitted), delayMs);
  }

  async #judge(credentials: ZoneCredentials): Promise<ZoneVerdict> {
    const { authentication } = this.#options;
    if (authentication === undefined) return { kind: "admitted", expiresAt: undefined };
    for (;;) {
      const epoch = this.#epoch;
      const verdict = await authentication.check(credentials);
      if (epoch === this.#epoch) return verdict;
    }
  }
}

function statusOf({ kind, reason }: Exclude<ZoneVerdict, { kind: "admitted" }>): GrpcStatus {
  return { code: kind === "denied" ? GrpcCode.PERMISSION_DENIED : GrpcCode.UNAUTHENTICATED, details: reason };
}
