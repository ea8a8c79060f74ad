/**
 * KDS on a zone: keeps one connection to the global. A failed one is closed to the last socket before the next is made,
 * because a Kuma global that sees two connections of a zone overlap goes silent on the newer (measured.md, 1.6).
 */
import { type ClientTls, DEFAULT_MAX_MESSAGE_BYTES, parseGrpcAddress } from "@isthmus/grpc-kit";
import { Backoff, type BackoffOptions, errorMessage, ok, type Service, sleep } from "@isthmus/std";
import { FanOut } from "./fan-out.ts";
import { GlobalLink } from "./global-link.ts";
import type { PeerStatus } from "./peer-status.ts";
import { RecyclePolicy } from "./recycle-policy.ts";
import type { StuckPolicy } from "./sender-stream.ts";
import type { ZoneKdsClientOptions, ZoneProof } from "./zone-kds-options.ts";

/** Source: kuma v2.14.3: pkg/core/runtime/component/resilient.go. */
export const KDS_BACKOFF: BackoffOptions = { baseMs: 5_000, maxMs: 60_000, resetAfterMs: 60_000, jitterMs: 5_000 };

export class ZoneKdsClient implements Service {
  readonly name = "kds-client";
  readonly #options: ZoneKdsClientOptions;
  readonly #fanOut: FanOut;
  readonly #stuck: StuckPolicy;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #link: GlobalLink | undefined;
  /** Of the last connection that was online. */
  #last: PeerStatus | undefined;

  /** @throws {GrpcAddressError} for an unusable address. */
  constructor(options: ZoneKdsClientOptions) {
    const { address, clock, random, outbox } = options;
    parseGrpcAddress(address);
    this.#options = options;
    this.#fanOut = new FanOut({ outbox });
    this.#stuck = options.stuck ?? new RecyclePolicy({ clock, random });
  }

  /** Begins to connect and returns: a zone works without its global. */
  async start(): Promise<void> {
    if (this.#running !== undefined) return;
    this.#fanOut.start();
    this.#running = this.#run();
  }

  /** Closes the connection and resolves when nothing that came over it is being committed any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#link?.end("the zone control plane is shutting down");
    await this.#running;
    this.#fanOut.stop();
  }

  /** Both sync streams are open and the global has spoken. */
  get isConnected(): boolean {
    return this.#link?.isConnected ?? false;
  }

  /** The global, as the peer of the connection; undefined before the first attempt. */
  status(): PeerStatus | undefined {
    const now = this.#link?.status();
    if (now === undefined || now.isOnline) return now ?? this.#last;
    return { ...now, lastSeenAt: this.#last?.lastSeenAt };
  }

  async #run(): Promise<void> {
    const { clock, random, node, onEvent } = this.#options;
    const { signal } = this.#stopping;
    const backoff = new Backoff(this.#options.backoff ?? KDS_BACKOFF, random);
    for (let connection = 1; !signal.aborted; connection += 1) {
      const startedAt = clock.monotonic();
      const reason = await this.#connectOnce(connection);
      if (signal.aborted) return;
      const delayMs = backoff.nextDelayMs(clock.monotonic() - startedAt);
      onEvent({ kind: "retrying", zone: node.zone, reason, delayMs });
      await sleep(clock, delayMs, signal);
    }
  }

  async #connectOnce(connection: number): Promise<string> {
    const maxMessageBytes = this.#options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
    let link: GlobalLink | undefined;
    try {
      const proof = (await this.#options.proof?.()) ?? ok({});
      if (!proof.ok) return proof.error;
      if (this.#stopping.signal.aborted) return "stopped";
      link = new GlobalLink({
        ...this.#options,
        ...proven(this.#options.tls, proof.value),
        connection,
        maxMessageBytes,
        fanOut: this.#fanOut,
        stuck: this.#stuck,
      });
      this.#link = link;
      return await link.run();
    } catch (error) {
      this.#options.onEvent({ kind: "defect", path: this.name, error });
      link?.end(errorMessage(error));
      return errorMessage(error);
    } finally {
      this.#remember(link);
    }
  }

  #remember(link: GlobalLink | undefined): void {
    if (link === undefined || !link.wasConnected) return;
    this.#last = { ...link.status(), lastSeenAt: this.#options.clock.now() };
  }
}

function proven(
  tls: ClientTls | undefined,
  { authorization, certificate, privateKey }: ZoneProof,
): { readonly tls?: ClientTls; readonly authorization?: string } {
  const pair = certificate === undefined || privateKey === undefined ? undefined : { certificate, privateKey };
  return {
    ...((tls ?? pair) && { tls: { ...tls, ...pair } }),
    ...(authorization !== undefined && { authorization }),
  };
}
