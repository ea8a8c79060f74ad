/**
 * The aggregated discovery service: every ADS stream of this control plane, of both variants. A proxy is served by its newest
 * stream.
 */
import { GrpcCode, type GrpcServer, type GrpcStatus, type Metadata, type ServerStream } from "@isthmus/grpc-kit";
import type { ProxyAdmission } from "../admission.ts";
import type { ProxyId } from "../node/proxy-id.ts";
import type { ProxySnapshot } from "../proxy-snapshot.ts";
import type { AdsVariant } from "../session/ads-state.ts";
import { ADS_STREAMS, AdsConversation } from "./ads-conversation.ts";
import type { AdsStream, AdsStreamOptions } from "./ads-stream.ts";
import { credentialOf } from "./candidate.ts";
import { ProxyClaims } from "./proxy-claims.ts";
import { PushQueue } from "./push-queue.ts";

const SERVICE = "/envoy.service.discovery.v3.AggregatedDiscoveryService";
const SHUTDOWN: GrpcStatus = { code: GrpcCode.UNAVAILABLE, details: "the control plane is shutting down" };

export interface AdsServiceOptions extends Omit<AdsStreamOptions, "variant" | "proxy" | "pushes"> {
  readonly admission: ProxyAdmission;
}

export class AdsService {
  readonly #options: AdsServiceOptions;
  readonly #claims = new ProxyClaims<AdsConversation>();
  readonly #pushes = new PushQueue<AdsStream, ProxySnapshot>((stream, snapshot) => stream.snapshot(snapshot));
  readonly #open = new Set<ServerStream>();
  #nextStreamId = 1;
  #isStopping = false;

  constructor(options: AdsServiceOptions) {
    this.#options = options;
  }

  register(server: GrpcServer): void {
    for (const variant of ["state", "delta"] as const) {
      server.bidi(`${SERVICE}/${ADS_STREAMS[variant]}`, (stream, metadata) => this.#opened(stream, metadata, variant));
    }
  }

  /** Proxies that are served. */
  get connected(): number {
    return this.#claims.size;
  }

  /** Streams that have not been told of their latest snapshot yet: for a gauge. */
  get waitingPushes(): number {
    return this.#pushes.size;
  }

  /** The stream of a proxy, for those who inspect what it was told. */
  streamOf(id: ProxyId): AdsStream | undefined {
    return this.#claims.holderOf(id)?.session;
  }

  /** Every stream that is served. */
  *streams(): Generator<AdsStream, void, undefined> {
    for (const { session } of this.#claims.holders()) if (session !== undefined) yield session;
  }

  /** Ends all streams, and those that come from now on. */
  stop(): void {
    this.#isStopping = true;
    for (const stream of this.#open) stream.end(SHUTDOWN);
  }

  #opened(stream: ServerStream, metadata: Metadata, variant: AdsVariant): void {
    if (this.#isStopping) return stream.end(SHUTDOWN);
    this.#open.add(stream);
    const streamId = this.#nextStreamId;
    this.#nextStreamId += 1;
    const credential = credentialOf(metadata);
    const conversation = new AdsConversation(
      { ...this.#options, variant, claims: this.#claims, pushes: this.#pushes, streamId, credential },
      stream,
    );
    stream.accept({
      message: (bytes) => conversation.message(bytes),
      closed: (status) => {
        this.#open.delete(stream);
        conversation.closed(status);
      },
    });
  }
}
