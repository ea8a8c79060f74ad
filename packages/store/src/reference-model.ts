/**
 * The store in its simplest form, as the contract reads: one map, copied for every commit, nothing lazy, nothing shared.
 * Property tests run it beside every real store.
 */
import { keyOf, type Resource, type ResourceKey } from "@isthmus/resources";
import { canonicalJson } from "@isthmus/std";
import type { StoreErrorCode } from "./errors.ts";
import type { Op, ResourceDraft } from "./store.ts";

export type ModelOutcome =
  | { readonly kind: "committed"; readonly revision: number; readonly changed: ReadonlySet<string> }
  | { readonly kind: "rejected"; readonly code: StoreErrorCode };

class Rejection extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode) {
    super(code);
    this.code = code;
  }
}

export class ReferenceModel {
  revision = 0;
  #resources = new Map<string, Resource>();
  /** Revision of the last change of each key, deletions included. */
  readonly #changedAt = new Map<string, number>();

  get(text: string): Resource | undefined {
    return this.#resources.get(text);
  }

  list(type: string, mesh?: string): Resource[] {
    const isListed = (r: Resource): boolean => r.type === type && (mesh === undefined || r.mesh === mesh);
    return [...this.#resources.values()].filter(isListed).sort((a, b) => compare(keyOf(a), keyOf(b)));
  }

  changedAfter(cursor: number): Set<string> {
    return new Set([...this.#changedAt].filter(([, at]) => at > cursor).map(([text]) => text));
  }

  commit(ops: readonly Op[], time: string): ModelOutcome {
    const before = this.#resources;
    const after = new Map(before);
    const deleted = new Set<string>();
    const cascaded = new Map<string, Resource>();
    try {
      for (const op of ops) {
        if (op.kind === "put") put(after, op, this.revision + 1, time);
        else remove(after, op, deleted, cascaded);
      }
    } catch (error) {
      if (error instanceof Rejection) return { kind: "rejected", code: error.code };
      throw error;
    }
    const changed = new Set<string>();
    for (const text of new Set([...before.keys(), ...after.keys()])) {
      const old = before.get(text);
      const next = after.get(text);
      if (old && next && !deleted.has(text) && content(old) === content(next)) after.set(text, old);
      else if (old !== next) changed.add(text);
    }
    if (changed.size > 0) this.revision += 1;
    for (const text of changed) this.#changedAt.set(text, this.revision);
    this.#resources = after;
    return { kind: "committed", revision: this.revision, changed };
  }
}

function put(state: Map<string, Resource>, op: Extract<Op, { kind: "put" }>, revision: number, time: string): void {
  const text = keyOf(op.resource);
  const current = state.get(text);
  if (op.expect === "absent" && current) throw new Rejection("ALREADY_EXISTS");
  if (typeof op.expect === "number" && op.expect !== current?.version) throw new Rejection("VERSION_CONFLICT");
  const { owner, ...draft } = op.resource;
  if (current) {
    if (content(current) === content(draft)) return;
    const { creationTime, owner: keptOwner } = current;
    const kept = keptOwner && { owner: keptOwner };
    state.set(text, { ...draft, creationTime, modificationTime: time, version: revision, ...kept });
    return;
  }
  if (owner && !state.has(keyOf(owner))) throw new Rejection("NOT_FOUND");
  state.set(text, { ...draft, creationTime: time, modificationTime: time, version: revision, ...(owner && { owner }) });
}

function remove(
  state: Map<string, Resource>,
  op: Extract<Op, { kind: "delete" }>,
  deleted: Set<string>,
  cascaded: Map<string, Resource>,
): void {
  const text = keyOf(op.key);
  const current = state.get(text) ?? cascaded.get(text);
  if (!current) throw new Rejection("NOT_FOUND");
  if (op.expect !== undefined && op.expect !== current.version) throw new Rejection("VERSION_CONFLICT");
  cascade(state, op.key, deleted, cascaded);
  state.delete(text);
  deleted.add(text);
}

function cascade(
  state: Map<string, Resource>,
  owner: ResourceKey,
  deleted: Set<string>,
  cascaded: Map<string, Resource>,
): void {
  const ownerText = keyOf(owner);
  for (const [text, resource] of state) {
    if (!resource.owner || keyOf(resource.owner) !== ownerText || !state.has(text)) continue;
    state.delete(text);
    deleted.add(text);
    cascaded.set(text, resource);
    cascade(state, resource, deleted, cascaded);
  }
}

function content({ labels, spec, status, opaqueSpec }: ResourceDraft): string {
  const bytes = opaqueSpec ? [...opaqueSpec] : null;
  return canonicalJson({ labels, spec, status: status ?? null, bytes });
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
