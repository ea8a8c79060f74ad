/**
 * The health discovery service: tells Envoys what to check and passes on what they report. One stream per proxy, on the
 * connection of its ADS stream.
 */
import { GrpcCode, type GrpcServer, type GrpcStatus, type ServerStream } from "@isthmus/grpc-kit";
import type { ProxyAdmission, ProxyCandidate } from "../admission.ts";
import { credentialOf, readCandidate } from "../ads/candidate.ts";
import { nodeIdOf } from "../node/proxy-id.ts";
import type { XdsService } from "../server/xds-server.ts";
import type { OnXdsEvent } from "../xds-events.ts";
import type { HealthChecks } from "./health-checks.ts";
import { type ClusterHealth, decodeHealthMessage, encodeHealthChecks } from "./health-wire.ts";

const PATH = "/envoy.service.health.v3.HealthDiscoveryService/StreamHealthCheck";
const STREAM = "StreamHealthCheck";
const SHUTDOWN: GrpcStatus = { code: GrpcCode.UNAVAILABLE, details: "the control plane is shutting down" };

/** What is checked of a proxy, and what becomes of the reports. */
export interface HealthTarget {
  /** `push` is called with what is to be checked, now or later, and again when that changes. */
  follow(proxy: ProxyCandidate, push: (checks: HealthChecks) => void): FollowedHealth;
}

export interface FollowedHealth {
  report(clusters: readonly ClusterHealth[]): void;
  /** The stream is over; `push` is not called any more. */
  stop(): void;
}

export interface HealthServiceOptions {
  readonly target: HealthTarget;
  readonly admission: Pick<ProxyAdmission, "authenticate" | "watch">;
  readonly onEvent: OnXdsEvent;
}

export class HealthService implements XdsService {
  readonly #options: HealthServiceOptions;
  readonly #open = new Set<ServerStream>();
  #isStopping = false;

  constructor(options: HealthServiceOptions) {
    this.#options = options;
  }

  register(server: GrpcServer): void {
    server.bidi(PATH, (stream, metadata) => this.#opened(stream, credentialOf(metadata)));
  }

  /** Open streams: for a gauge. */
  get streams(): number {
    return this.#open.size;
  }

  stop(): void {
    this.#isStopping = true;
    for (const stream of this.#open) stream.end(SHUTDOWN);
  }

  #opened(stream: ServerStream, credential: string | undefined): void {
    if (this.#isStopping) return stream.end(SHUTDOWN);
    this.#open.add(stream);
    const conversation = new HealthConversation(this.#options, stream, credential);
    stream.accept({
      message: (bytes) => conversation.message(bytes),
      closed: () => {
        this.#open.delete(stream);
        conversation.closed();
      },
    });
  }
}

class HealthConversation {
  readonly #options: HealthServiceOptions;
  readonly #stream: ServerStream;
  readonly #credential: string | undefined;
  #candidate: ProxyCandidate | undefined;
  #followed: FollowedHealth | undefined;
  #unwatch: (() => void) | undefined;
  #said: Uint8Array | undefined;
  /** The last report that came before the proxy was authenticated. */
  #waiting: readonly ClusterHealth[] | undefined;

  constructor(options: HealthServiceOptions, stream: ServerStream, credential: string | undefined) {
    this.#options = options;
    this.#stream = stream;
    this.#credential = credential;
  }

  message(bytes: Buffer): void {
    const read = decodeHealthMessage(bytes);
    const { peer } = this.#stream;
    if (!read.ok) {
      this.#options.onEvent({ kind: "garbage", stream: STREAM, peer, reason: read.error });
      return this.#stream.end({ code: GrpcCode.INVALID_ARGUMENT, details: read.error });
    }
    if (read.value.kind === "report") return this.#report(read.value.clusters);
    const { node } = read.value;
    if (this.#candidate === undefined) {
      const candidate = readCandidate(node, { peer, credential: this.#credential });
      if (!candidate.ok) return this.#refuse({ code: GrpcCode.INVALID_ARGUMENT, details: candidate.error });
      this.#candidate = candidate.value;
      void this.#authenticate(candidate.value);
    } else if (node !== undefined && node.id !== "" && node.id !== nodeIdOf(this.#candidate.id)) {
      this.#refuse({ code: GrpcCode.INVALID_ARGUMENT, details: "the node id must not change within a stream" });
    }
  }

  closed(): void {
    const { onEvent } = this.#options;
    this.#unwatch?.();
    if (this.#followed === undefined || this.#candidate === undefined) return;
    this.#followed.stop();
    onEvent({ kind: "healthClosed", proxy: this.#candidate.id, peer: this.#stream.peer });
  }

  #report(clusters: readonly ClusterHealth[]): void {
    if (this.#candidate === undefined) {
      return this.#refuse({ code: GrpcCode.UNAUTHENTICATED, details: "a report before the first request" });
    }
    if (this.#followed === undefined) this.#waiting = clusters;
    else this.#followed.report(clusters);
  }

  async #authenticate(candidate: ProxyCandidate): Promise<void> {
    const { admission, target, onEvent } = this.#options;
    try {
      const authenticated = await admission.authenticate(candidate);
      if (!authenticated.ok) return this.#refuse(authenticated.error);
      if (this.#stream.isClosed) return;
      onEvent({ kind: "healthOpened", proxy: candidate.id, peer: candidate.peer });
      this.#unwatch = admission.watch(candidate, (status) => this.#refuse(status));
      this.#followed = target.follow(candidate, (checks) => this.#say(checks));
      if (this.#waiting !== undefined) this.#followed.report(this.#waiting);
      this.#waiting = undefined;
    } catch (error) {
      onEvent({ kind: "defect", where: `health of ${nodeIdOf(candidate.id)}`, error });
      this.#refuse({ code: GrpcCode.INTERNAL, details: "stream failed" });
    }
  }

  /** Envoy begins its checks anew with each message, so only a different one is sent. */
  #say(checks: HealthChecks): void {
    if (this.#stream.isClosed) return;
    const bytes = encodeHealthChecks(checks);
    if (this.#said !== undefined && Buffer.compare(this.#said, bytes) === 0) return;
    this.#said = bytes;
    this.#stream.writer.write(bytes);
  }

  #refuse(status: GrpcStatus): void {
    if (this.#stream.isClosed) return;
    const nodeId = this.#candidate === undefined ? "" : nodeIdOf(this.#candidate.id);
    this.#options.onEvent({ kind: "refused", stream: STREAM, nodeId, peer: this.#stream.peer, reason: status.details });
    this.#stream.end(status);
  }
}
