/**
 * The resource: what the store keeps, REST shows and KDS carries. Immutable; `spec` is in canonical form (defaults of
 * the schema applied, durations re-rendered). Source: kuma v2.14.3: pkg/core/resources/model.
 */
import type { JsonObject } from "@isthmus/std";

export type Labels = Readonly<Record<string, string>>;

/** Identity inside one control plane. `mesh` is "" for global-scoped types. */
export interface ResourceKey {
  readonly type: string;
  readonly mesh: string;
  readonly name: string;
}

export interface Resource extends ResourceKey {
  readonly labels: Labels;
  /** Canonical JSON of the spec; for protobuf-backed types proto3 JSON as Kuma's REST prints it. */
  readonly spec: JsonObject;
  /** Present for every resource of a type that has a status, if only as `{}`; absent for all others. */
  readonly status?: JsonObject;
  /**
   * Exact protobuf bytes of the spec, kept only when they hold fields that our descriptors do not know and `spec`
   * therefore cannot show. They are what KDS sends on, so that a newer peer's fields survive the trip through us.
   */
  readonly opaqueSpec?: Uint8Array;
  /** RFC 3339, UTC. */
  readonly creationTime: string;
  readonly modificationTime: string;
  /** Revision of the commit that last wrote it: the optimistic version. 0 when it was never stored. */
  readonly version: number;
  /** Deleting the owner deletes this resource. Never changes after creation. */
  readonly owner?: ResourceKey;
}

/** Text form of a key, unique and ordered by type, mesh, name. None of the three may hold a NUL. */
export function keyOf(key: ResourceKey): string {
  return `${key.type}\u0000${key.mesh}\u0000${key.name}`;
}

/** For messages: `type="Mesh" name="default" mesh=""`, as Kuma prints it. */
export function describeKey(key: ResourceKey): string {
  return `type="${key.type}" name="${key.name}" mesh="${key.mesh}"`;
}
