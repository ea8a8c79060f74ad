/**
 * Why a write was refused. Expected outcomes are values; whoever shows them (the REST server, the command line) chooses
 * words and status codes. What is not expected, such as a failing disk, is thrown.
 */
import type { ResourceKey, Violation } from "@isthmus/resources";

/** What was being done: Kuma's error titles depend on it. */
export type WriteStep = "process" | "create" | "update" | "update-labels" | "delete";

export type WriteError =
  /** The type cannot be written on this control plane. */
  | { readonly kind: "read-only" }
  /** The mesh that the address names does not exist. */
  | { readonly kind: "no-such-mesh" }
  | { readonly kind: "not-found"; readonly step: WriteStep }
  | { readonly kind: "invalid"; readonly step: WriteStep; readonly violations: readonly Violation[] }
  /** The mesh vanished between the checks and the commit, each time. */
  | { readonly kind: "mesh-missing"; readonly step: WriteStep; readonly mesh: string }
  | { readonly kind: "bad-request"; readonly detail: string }
  /** Somebody else wrote the resource meanwhile, each time. */
  | { readonly kind: "conflict"; readonly key: ResourceKey }
  | { readonly kind: "already-exists"; readonly key: ResourceKey }
  /** A Dataplane that the constraints of its mesh keep out. Kuma answers 500, which says nothing; the reason is for the log. */
  | { readonly kind: "not-a-member"; readonly step: WriteStep; readonly detail: string };
