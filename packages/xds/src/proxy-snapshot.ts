/** What a proxy should run: the seam between those who make configurations and the sessions that deliver them. */
import type { ResourceSet } from "./content/resource-set.ts";
import type { NodeMetadata } from "./node/node-metadata.ts";
import type { ProxyId } from "./node/proxy-id.ts";
import type { TypeUrl } from "./type-urls.ts";

export interface ProxySnapshot {
  /** Revision of the store that it was made from; sessions report it as stored when the proxy has acknowledged everything. */
  readonly revision: number;
  /** When the oldest change in it was committed, wall clock, ms: what latencies are measured from. */
  readonly changedAt?: number | undefined;
  /** A type that is absent is empty. */
  readonly resources: ReadonlyMap<TypeUrl, ResourceSet>;
}

/** A proxy with an open, authenticated stream. */
export interface ConnectedProxy {
  readonly id: ProxyId;
  /** From the first request of the stream. */
  readonly metadata: NodeMetadata;
  /** Never reused within the process. */
  readonly streamId: number;
}

/**
 * Makes snapshots for connected proxies and pushes each new one.
 *
 * `push` may be called any number of times from anywhere, also before `follow` returns and with the snapshot that is
 * there already; of several that the stream could not take yet only the last counts. A snapshot must be consistent in
 * itself: what a listener or route names is a cluster of it, and each EDS cluster has a ClusterLoadAssignment of the same
 * name. A source that cannot make a consistent one keeps the old one and reports why.
 */
export interface SnapshotSource {
  follow(proxy: ConnectedProxy, push: (snapshot: ProxySnapshot) => void): FollowedProxy;
}

export interface FollowedProxy {
  /** The stream is over; `push` is not called any more. */
  stop(): void;
}
