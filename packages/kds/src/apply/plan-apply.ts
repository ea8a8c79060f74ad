/**
 * What one response means for the store: compares what a source sent with what is stored of it. Pure; the brake then
 * decides which of the deletions happen. Source: kuma v2.14.3: pkg/kds/v2/store/sync.go.
 *
 * Kuma gives up the whole stream where a name is taken; here that one resource is rejected and the rest applies.
 */
import { describeKey, keyOf, type Resource, type ResourceKey, type TypeDescriptor } from "@isthmus/resources";
import { type JsonObject, jsonEquals } from "@isthmus/std";
import type { ResourceDraft } from "@isthmus/store";
import { isSyncSourceConfig, reservedReason } from "../guard/sync-source.ts";
import { keyOfWireName, type ReceivedBatch, type Rejection, type RejectionKind } from "../session/received-resource.ts";
import { attributed, isForgedName } from "./attribution.ts";
import { isOfSource, isProvidedBySource, originOf, type ReceivingSide } from "./receiving-side.ts";

export interface PlanInput {
  readonly descriptor: TypeDescriptor;
  readonly batch: Pick<ReceivedBatch, "initial" | "upserts" | "removed" | "invalid">;
  /** First response: all rows of the type. Later: at least those that the batch names. */
  readonly stored: readonly Resource[];
  readonly side: ReceivingSide;
}

export interface PlannedUpdate {
  readonly before: Resource;
  readonly draft: ResourceDraft;
}

export interface ApplyPlan {
  readonly creates: readonly ResourceDraft[];
  readonly updates: readonly PlannedUpdate[];
  /** Rows of the source that it no longer has. */
  readonly deletes: readonly Resource[];
  /** Key texts of what the source says it has, also what is invalid or rejected. */
  readonly provided: ReadonlySet<string>;
  readonly rejected: readonly Rejection[];
  /** Resources whose zone attribution was overwritten. */
  readonly rewrites: number;
}

export function planApply({ descriptor, batch, stored, side }: PlanInput): ApplyPlan {
  if (!isProvidedBySource(descriptor, side))
    return refuseAll(batch, `${descriptor.name} is not taken from a ${peerOf(side)}`);
  const byKey = new Map<string, Resource>();
  for (const row of stored) byKey.set(keyOf(row), row);
  const invalid = new Set<string>();
  for (const { wireName } of batch.invalid) invalid.add(keyOf(keyOfWireName(descriptor.name, wireName)));
  const provided = new Set(invalid);
  const rejected: Rejection[] = [];
  let rewrites = 0;

  // Of several with one key the last counts.
  const incoming = new Map<string, { readonly wireName: string; readonly draft: ResourceDraft }>();
  for (const { wireName, resource } of batch.upserts) {
    const text = keyOf(resource);
    provided.add(text);
    if (invalid.has(text)) continue;
    const received = receivedDraft(descriptor, resource, side);
    if (received.isRewritten) rewrites += 1;
    if (isOfSource(descriptor, received.draft, side)) incoming.set(text, { wireName, draft: received.draft });
  }

  const creates: ResourceDraft[] = [];
  const updates: PlannedUpdate[] = [];
  for (const [text, { wireName, draft }] of incoming) {
    const before = byKey.get(text);
    const objection = objectionTo(descriptor, draft, before, side);
    if (objection !== undefined) {
      rejected.push({ wireName, ...objection });
    } else if (before === undefined) {
      creates.push(draft);
    } else {
      const update = side.kind === "zone" ? withStatusOf(before, draft) : draft;
      if (!isEqual(before, update)) updates.push({ before, draft: update });
    }
  }

  const deletes: Resource[] = [];
  if (batch.initial) {
    for (const [text, row] of byKey) {
      if (!provided.has(text) && isOfSource(descriptor, row, side)) deletes.push(row);
    }
  } else {
    for (const text of new Set(batch.removed.map((wireName) => keyOf(keyOfWireName(descriptor.name, wireName))))) {
      const row = byKey.get(text);
      if (row !== undefined && !provided.has(text) && isOfSource(descriptor, row, side)) deletes.push(row);
    }
  }
  return { creates, updates, deletes, provided, rejected, rewrites };
}

/** Keys that an increment names: what has to be looked up for it. */
export function keysOf(type: string, batch: Pick<ReceivedBatch, "upserts" | "removed">): readonly ResourceKey[] {
  const keys = new Map<string, ResourceKey>();
  for (const { resource } of batch.upserts) keys.set(keyOf(resource), resource);
  for (const wireName of batch.removed) {
    const key = keyOfWireName(type, wireName);
    keys.set(keyOf(key), key);
  }
  return [...keys.values()];
}

function receivedDraft(
  descriptor: TypeDescriptor,
  resource: ResourceDraft,
  side: ReceivingSide,
): { readonly draft: ResourceDraft; readonly isRewritten: boolean } {
  const status = descriptor.emptyStatus === undefined ? undefined : (resource.status ?? descriptor.emptyStatus);
  const isAsSent = status === resource.status && resource.owner === undefined;
  const draft = isAsSent ? resource : withStatus(resource, status);
  if (side.kind === "zone") return { draft, isRewritten: false };
  const { draft: pinned, isRewritten } = attributed(draft, side.zone);
  // With the zone goes all that came from it.
  return { draft: { ...pinned, owner: { type: "Zone", mesh: "", name: side.zone } }, isRewritten };
}

function objectionTo(
  descriptor: TypeDescriptor,
  draft: ResourceDraft,
  before: Resource | undefined,
  side: ReceivingSide,
): { readonly kind: RejectionKind; readonly reason: string } | undefined {
  if (isSyncSourceConfig(draft)) return { kind: "refused", reason: reservedReason(draft) };
  if (side.kind === "global" && isForgedName(draft)) {
    return { kind: "refused", reason: `the name is not the hash of a resource of zone ${side.zone}` };
  }
  if (before === undefined || isOfSource(descriptor, before, side)) return undefined;
  // The text of Kuma, which its operators know.
  const taken = `resource already exists: ${describeKey(draft)}`;
  return side.kind === "zone"
    ? { kind: "conflict", reason: taken }
    : { kind: "refused", reason: `${taken}; it belongs to ${ownerOf(before)}` };
}

/** A zone computes statuses of its own for what it receives; what arrives is always empty. */
export function withStatusOf(before: Resource, draft: ResourceDraft): ResourceDraft {
  const status = before.status ?? draft.status;
  return status === draft.status ? draft : withStatus(draft, status);
}

/** Without an owner: a source cannot name one. */
function withStatus(draft: ResourceDraft, status: JsonObject | undefined): ResourceDraft {
  const { status: _, owner: __, ...rest } = draft;
  return status === undefined ? rest : { ...rest, status };
}

function isEqual(before: Resource, draft: ResourceDraft): boolean {
  return (
    jsonEquals(before.spec, draft.spec) &&
    jsonEquals(before.labels, draft.labels) &&
    jsonEquals(before.status, draft.status) &&
    isSameBytes(before.opaqueSpec, draft.opaqueSpec)
  );
}

function isSameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.compare(a, b) === 0;
}

/** Removals that change nothing need no answer. */
function refuseAll(batch: PlanInput["batch"], reason: string): ApplyPlan {
  const rejected = batch.upserts.map(({ wireName }): Rejection => ({ wireName, kind: "refused", reason }));
  return { creates: [], updates: [], deletes: [], provided: new Set(), rejected, rewrites: 0 };
}

function ownerOf(row: Resource): string {
  const origin = originOf(row, { kind: "zone", zone: "" });
  return origin === "global" ? "the global" : `zone ${origin}`;
}

function peerOf(side: ReceivingSide): string {
  return side.kind === "zone" ? "global" : "zone";
}
