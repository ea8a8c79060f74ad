/**
 * The store: an in-memory catalog that is never stale with respect to its revision, durable atomic commits, and an
 * ordered change feed. One conformance suite (conformance.ts) runs against every implementation.
 */
import type { Labels, Resource, ResourceKey } from "@isthmus/resources";
import type { JsonObject, Service } from "@isthmus/std";

/** Counts commits, strictly growing, also across restarts. 0 is the empty store. */
export type Revision = number;

/** What a writer gives; the store adds times and version. */
export interface ResourceDraft extends ResourceKey {
  readonly labels: Labels;
  readonly spec: JsonObject;
  readonly status?: JsonObject;
  readonly opaqueSpec?: Uint8Array;
  /** Only honoured on creation. */
  readonly owner?: ResourceKey;
}

/**
 * `expect`: a version that the stored resource must have, or "absent"; left out, any state is fine.
 * A put that changes nothing (labels, spec, status, opaque bytes) is no change: no new version, no feed entry.
 */
export type Op =
  | { readonly kind: "put"; readonly resource: ResourceDraft; readonly expect?: number | "absent" }
  | { readonly kind: "delete"; readonly key: ResourceKey; readonly expect?: number };

/** One resource that changed: `before` and `after` are undefined where it did not exist. */
export interface Change {
  readonly key: ResourceKey;
  readonly before: Resource | undefined;
  readonly after: Resource | undefined;
}

/** Everything one commit changed, cascades included, in the order applied. */
export interface CommitEvent {
  readonly revision: Revision;
  /** Wall clock of the commit, ms. */
  readonly committedAt: number;
  readonly changes: readonly Change[];
}

/** Latest state per key after a revision, oldest change first; or `reset`: the feed no longer reaches back, compare in full. */
export type Changes =
  | { readonly kind: "changes"; readonly revision: Revision; readonly keys: readonly ResourceKey[] }
  | { readonly kind: "reset"; readonly revision: Revision };

export interface CommitResult {
  /** Revision of this commit, or the current one when nothing changed. */
  readonly revision: Revision;
  /** The changes that were made, cascades included; empty when nothing changed. */
  readonly changes: readonly Change[];
}

export interface Store extends Service {
  readonly kind: string;
  /** Identity of this store's history (a UUID made when the store was created): lost data means another id. */
  readonly historyId: string;
  readonly revision: Revision;

  get(key: ResourceKey): Resource | undefined;
  /** In order of mesh, then name; the returned array is never mutated by the store. */
  list(type: string, options?: { readonly mesh?: string }): readonly Resource[];
  count(type: string): number;

  /**
   * Atomic: all ops or none. Resolves when durable and visible to readers. Rejects with a StoreError
   * (`VERSION_CONFLICT`, `ALREADY_EXISTS`, `NOT_FOUND` for a delete of nothing or a missing owner, `IO`, `CLOSED`).
   * Deleting a resource deletes what it owns, recursively, in the same commit.
   */
  commit(ops: readonly Op[]): Promise<CommitResult>;

  changes(after: Revision, types?: ReadonlySet<string>): Changes;
  /**
   * Called once per commit that changed something, in order of revision, after it became visible; never re-entrantly.
   * A listener must not throw; what it throws is reported, not propagated.
   */
  subscribe(listener: (event: CommitEvent) => void): () => void;
}
