/** Who may connect: asked once per stream, with its first request. */
import type { GrpcStatus } from "@isthmus/grpc-kit";
import type { Result } from "@isthmus/std";
import type { NodeMetadata } from "./node/node-metadata.ts";
import type { ProxyId } from "./node/proxy-id.ts";

export interface ProxyCandidate {
  readonly id: ProxyId;
  readonly metadata: NodeMetadata;
  /** The value of `authorization` as it came; undefined: none, or several. */
  readonly credential: string | undefined;
  /** `address:port` of the other end. */
  readonly peer: string;
}

export interface ProxyAdmission {
  /**
   * Authenticates the proxy and checks the resource that it brings. An error is the status that its stream is ended with. May
   * reject: then the stream is ended with INTERNAL.
   */
  admit(candidate: ProxyCandidate): Promise<Result<void, GrpcStatus>>;
  /** Stores the resource that an admitted proxy brings, when nobody else has its name for good. Errors as of `admit`. */
  register(candidate: ProxyCandidate): Promise<Result<void, GrpcStatus>>;
  /** Authenticates the proxy against its stored resource: health reports change a resource, and never bring one. */
  authenticate(candidate: ProxyCandidate): Promise<Result<void, GrpcStatus>>;
  /**
   * For each stream that is served: `end` is called, once at most, with what the stream is ended with when the credential counts no more. Returns
   * what to call when the stream is over.
   */
  watch(candidate: ProxyCandidate, end: (status: GrpcStatus) => void): () => void;
  /** The stream of a proxy that was registered is over. `isReplaced`: another one of the same proxy is served. */
  released(candidate: ProxyCandidate, isReplaced: boolean): void;
}
