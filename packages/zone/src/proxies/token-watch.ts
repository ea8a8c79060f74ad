/**
 * Ends the streams of proxies whose tokens count no more: revoked, their keys gone, expired. Kuma asks only when a stream begins, so that there a
 * proxy that was let in stays for as long as its connection lives.
 */
import { GrpcCode, type GrpcStatus } from "@isthmus/grpc-kit";
import type { Clock, TimerHandle } from "@isthmus/std";
import type { Store } from "@isthmus/store";
import type { ProxyCandidate } from "@isthmus/xds";
import type { ProxyTokens } from "./proxy-tokens.ts";

/** Keys and revocations. */
const TOKEN_TYPES: ReadonlySet<string> = new Set(["Secret", "GlobalSecret"]);
/** A token is not asked for more often, whatever it says of its end. */
const PAUSE_MIN_MS = 1_000;

export interface TokenWatchOptions {
  readonly store: Pick<Store, "subscribe">;
  readonly clock: Clock;
  readonly tokens: Pick<ProxyTokens, "stillCounts">;
}

interface Watched {
  readonly candidate: ProxyCandidate;
  readonly end: (status: GrpcStatus) => void;
  expiry: TimerHandle | undefined;
}

export class TokenWatch {
  readonly #options: TokenWatchOptions;
  readonly #watched = new Set<Watched>();
  #unsubscribe: (() => void) | undefined;

  constructor(options: TokenWatchOptions) {
    this.#options = options;
  }

  /** `end` is called at most once. Returns what to call when the stream is over. */
  watch(candidate: ProxyCandidate, end: (status: GrpcStatus) => void): () => void {
    const watched: Watched = { candidate, end, expiry: undefined };
    this.#watched.add(watched);
    this.#unsubscribe ??= this.#options.store.subscribe(({ changes }) => {
      if (!changes.some(({ key }) => TOKEN_TYPES.has(key.type))) return;
      for (const each of this.#watched) void this.#check(each);
    });
    // It was let in some time ago.
    void this.#check(watched);
    return () => this.#forget(watched);
  }

  stop(): void {
    for (const watched of this.#watched) this.#forget(watched);
  }

  async #check(watched: Watched): Promise<void> {
    const { tokens, clock } = this.#options;
    const { id, credential } = watched.candidate;
    const verdict = await tokens.stillCounts(id, credential);
    if (!this.#watched.has(watched)) return;
    watched.expiry?.cancel();
    watched.expiry = undefined;
    if (!verdict.ok) {
      this.#forget(watched);
      return watched.end({ code: GrpcCode.UNAUTHENTICATED, details: verdict.error });
    }
    if (verdict.value === undefined) return;
    const leftMs = Math.max(verdict.value - clock.now(), PAUSE_MIN_MS);
    watched.expiry = clock.setTimeout(() => void this.#check(watched), leftMs);
  }

  #forget(watched: Watched): void {
    watched.expiry?.cancel();
    this.#watched.delete(watched);
    if (this.#watched.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }
}
