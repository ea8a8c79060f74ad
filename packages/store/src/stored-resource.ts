/**
 * From a draft to the resource that is stored. What did not change keeps its identity, so that readers can compare
 * labels, spec and status by reference before they do any work.
 */
import type { Resource, ResourceKey } from "@isthmus/resources";
import { jsonEquals } from "@isthmus/std";
import type { ResourceDraft, Revision } from "./store.ts";

export interface Stamp {
  readonly revision: Revision;
  /** RFC 3339, UTC. */
  readonly time: string;
}

export function created(draft: ResourceDraft, { revision, time }: Stamp): Resource {
  return Object.freeze({
    type: draft.type,
    mesh: draft.mesh,
    name: draft.name,
    labels: Object.freeze({ ...draft.labels }),
    spec: draft.spec,
    ...(draft.status !== undefined && { status: draft.status }),
    ...(draft.opaqueSpec !== undefined && { opaqueSpec: ownBytes(draft.opaqueSpec) }),
    creationTime: time,
    modificationTime: time,
    version: revision,
    ...(draft.owner !== undefined && { owner: bareKey(draft.owner) }),
  });
}

/** `old` itself when the draft changes nothing. */
export function updated(old: Resource, draft: ResourceDraft, { revision, time }: Stamp): Resource {
  const sameLabels = jsonEquals(old.labels, draft.labels);
  const sameSpec = jsonEquals(old.spec, draft.spec);
  const sameStatus = jsonEquals(old.status, draft.status);
  const sameBytes = bytesEqual(old.opaqueSpec, draft.opaqueSpec);
  if (sameLabels && sameSpec && sameStatus && sameBytes) return old;
  const status = sameStatus ? old.status : draft.status;
  const opaqueSpec = sameBytes || draft.opaqueSpec === undefined ? old.opaqueSpec : ownBytes(draft.opaqueSpec);
  return Object.freeze({
    type: old.type,
    mesh: old.mesh,
    name: old.name,
    labels: sameLabels ? old.labels : Object.freeze({ ...draft.labels }),
    spec: sameSpec ? old.spec : draft.spec,
    ...(status !== undefined && { status }),
    ...(draft.opaqueSpec !== undefined && opaqueSpec !== undefined && { opaqueSpec }),
    creationTime: old.creationTime,
    modificationTime: time,
    version: revision,
    ...(old.owner !== undefined && { owner: old.owner }),
  });
}

/** As Go prints it: no fraction when it is zero, no trailing zeros. */
export function rfc3339(wallClockMs: number): string {
  return new Date(wallClockMs).toISOString().replace(/\.?0*Z$/, "Z");
}

/** The key alone, without what the caller's object may carry besides. */
export function bareKey({ type, mesh, name }: ResourceKey): ResourceKey {
  return Object.freeze({ type, mesh, name });
}

/** A copy: drafts from the network are views that would keep a whole receive buffer alive. */
const ownBytes = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);

function bytesEqual(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
