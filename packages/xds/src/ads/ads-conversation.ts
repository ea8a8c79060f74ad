/**
 * One ADS stream from its first byte to its end: finds out who is there, has it admitted, and lets a session run.
 * Source of statuses and texts: kuma v2.14.3: pkg/util/xds/v3, pkg/xds/auth/callbacks.go, pkg/xds/server/callbacks.
 */
import { GrpcCode, type GrpcStatus, type ServerStream } from "@isthmus/grpc-kit";
import type { ProxyAdmission, ProxyCandidate } from "../admission.ts";
import { nodeIdOf } from "../node/proxy-id.ts";
import type { ConnectedProxy, ProxySnapshot } from "../proxy-snapshot.ts";
import { TYPES_MAX } from "../session/ads-session.ts";
import type { AdsRequest, AdsVariant } from "../session/ads-state.ts";
import { AdsRequestReader, type ReceivedAdsRequest } from "../wire/ads-message.ts";
import type { XdsStreamKind } from "../xds-events.ts";
import { AdsStream, type AdsStreamOptions } from "./ads-stream.ts";
import { readCandidate } from "./candidate.ts";
import type { ProxyClaims } from "./proxy-claims.ts";
import type { PushQueue } from "./push-queue.ts";

export const ADS_STREAMS: Readonly<Record<AdsVariant, XdsStreamKind>> = {
  state: "StreamAggregatedResources",
  delta: "DeltaAggregatedResources",
};
/** Requests that wait until their proxy is admitted. */
const WAITING_MAX = 4 * TYPES_MAX;

export interface AdsConversationOptions extends Omit<AdsStreamOptions, "proxy" | "pushes"> {
  readonly admission: ProxyAdmission;
  readonly claims: ProxyClaims<AdsConversation>;
  readonly pushes: PushQueue<AdsStream, ProxySnapshot>;
  readonly streamId: number;
  /** What the call showed. */
  readonly credential: string | undefined;
}

export class AdsConversation {
  readonly #options: AdsConversationOptions;
  readonly #stream: ServerStream;
  readonly #reader: AdsRequestReader;
  readonly #openedAt: number;
  #candidate: ProxyCandidate | undefined;
  #waiting: AdsRequest[] = [];
  #isHolder = false;
  #session: AdsStream | undefined;
  #unwatch: (() => void) | undefined;

  constructor(options: AdsConversationOptions, stream: ServerStream) {
    this.#options = options;
    this.#stream = stream;
    this.#reader = new AdsRequestReader(options.variant);
    this.#openedAt = options.clock.now();
  }

  /** Once the proxy is served. */
  get session(): AdsStream | undefined {
    return this.#session;
  }

  message(bytes: Buffer): void {
    const read = this.#reader.read(bytes);
    if (!read.ok) {
      const { onEvent, variant } = this.#options;
      onEvent({ kind: "garbage", stream: ADS_STREAMS[variant], peer: this.#stream.peer, reason: read.error });
      return this.#stream.end({ code: GrpcCode.INVALID_ARGUMENT, details: read.error });
    }
    const { request, node } = read.value;
    if (this.#candidate === undefined) return this.#first(read.value);
    if (node !== undefined && node.id !== "" && node.id !== nodeIdOf(this.#candidate.id)) {
      return this.#refuse({ code: GrpcCode.INVALID_ARGUMENT, details: "the node id must not change within a stream" });
    }
    if (this.#session !== undefined) return this.#session.request(request);
    this.#waiting.push(request);
    if (this.#waiting.length > WAITING_MAX) {
      this.#refuse({ code: GrpcCode.RESOURCE_EXHAUSTED, details: "too many requests before the first answer" });
    }
  }

  closed(status: GrpcStatus): void {
    const candidate = this.#candidate;
    // A proxy that was registered but is not served yet is released by `#serve`, which finds the stream closed.
    if (candidate === undefined || !this.#isHolder) return;
    const { claims, admission, onEvent } = this.#options;
    this.#session?.closed();
    this.#unwatch?.();
    const isReplaced = !claims.release(candidate.id, this);
    if (this.#session !== undefined) {
      onEvent({ kind: "disconnected", proxy: this.#session.proxy, reason: status.details, isReplaced });
    }
    admission.released(candidate, isReplaced);
  }

  #first({ request, node }: ReceivedAdsRequest): void {
    const candidate = readCandidate(node, { peer: this.#stream.peer, credential: this.#options.credential });
    if (!candidate.ok) return this.#refuse({ code: GrpcCode.INVALID_ARGUMENT, details: candidate.error }, node?.id);
    this.#candidate = candidate.value;
    this.#waiting.push(request);
    void this.#admit(candidate.value);
  }

  async #admit(candidate: ProxyCandidate): Promise<void> {
    const { admission, claims, clock, onEvent } = this.#options;
    try {
      const admitted = await admission.admit(candidate);
      if (!admitted.ok) return this.#refuse(admitted.error);
      if (this.#stream.isClosed) return;
      // Who is not served changes nothing of who is.
      if (!claims.isFree(candidate.id, clock.now())) return this.#refuseName(candidate);
      const registered = await admission.register(candidate);
      if (!registered.ok) return this.#refuse(registered.error);
      this.#serve(candidate);
    } catch (error) {
      onEvent({ kind: "defect", where: `admission of ${nodeIdOf(candidate.id)}`, error });
      this.#refuse({ code: GrpcCode.INTERNAL, details: "stream failed" });
    }
  }

  #serve(candidate: ProxyCandidate): void {
    const { claims, admission, clock, onEvent, variant, streamId } = this.#options;
    const { id, metadata, peer } = candidate;
    const holder = claims.holderOf(id);
    if (this.#stream.isClosed) return admission.released(candidate, holder !== undefined);
    if (!claims.claim(id, this, clock.now())) {
      admission.released(candidate, true);
      return this.#refuseName(candidate);
    }
    if (holder !== undefined) onEvent({ kind: "nameConflict", proxy: id, peer, outcome: "replaced" });
    this.#isHolder = true;
    this.#unwatch = admission.watch(candidate, (status) => this.#stream.end(status));
    holder?.session?.end("ABORTED", "a newer stream of this proxy is served");
    const proxy: ConnectedProxy = { id, metadata, streamId };
    this.#session = new AdsStream({ ...this.#options, proxy }, this.#stream);
    onEvent({ kind: "connected", proxy, variant, peer, openedAt: this.#openedAt });
    for (const request of this.#waiting.splice(0)) this.#session.request(request);
  }

  #refuseName({ id, peer }: ProxyCandidate): void {
    this.#options.onEvent({ kind: "nameConflict", proxy: id, peer, outcome: "refused" });
    // Kuma's text: whoever looks for it finds the known cause.
    const details = "there is already an active stream from this node, try again later";
    this.#refuse({ code: GrpcCode.ALREADY_EXISTS, details });
  }

  #refuse(status: GrpcStatus, nodeId = this.#candidate === undefined ? "" : nodeIdOf(this.#candidate.id)): void {
    if (this.#stream.isClosed) return;
    const { onEvent, variant } = this.#options;
    const { peer } = this.#stream;
    onEvent({ kind: "refused", stream: ADS_STREAMS[variant], nodeId, peer, reason: status.details });
    this.#stream.end(status);
  }
}
