/**
 * Applies what a source sends: plan (plan-apply.ts), brake (../guard), one commit per batch. A response is acknowledged
 * only after this commit, so nothing here answers before the store did.
 */
import { keyOf, type Registry, type Resource, type TypeDescriptor } from "@isthmus/resources";
import type { Clock } from "@isthmus/std";
import type { Change, Op, Store } from "@isthmus/store";
import { type HoldBackResult, holdBack } from "../guard/hold-back.ts";
import type { HoldRegistry } from "../guard/hold-registry.ts";
import { MESH_TYPE, meshWeight } from "../guard/mesh-weight.ts";
import { SourceGuard } from "../guard/source-guard.ts";
import { CONFIG_TYPE } from "../guard/sync-source.ts";
import { isTrustMaterial } from "../guard/trust-material.ts";
import { type ApplyOutcome, keyOfWireName, type ReceivedBatch } from "../session/received-resource.ts";
import type { BatchApplier, BatchSource, OpenApplier } from "./batch-applier.ts";
import { commitPlanned, type Planned } from "./commit-planned.ts";
import { type ApplyPlan, keysOf, planApply } from "./plan-apply.ts";
import { isOfSource, originOf, type ReceivingSide } from "./receiving-side.ts";

export interface ApplierOptions {
  readonly registry: Registry;
  readonly store: Store;
  readonly side: { readonly kind: "zone"; readonly zone: string } | { readonly kind: "global" };
  readonly holds: HoldRegistry;
  readonly clock: Clock;
}

export function openAppliers(options: ApplierOptions): OpenApplier {
  return (source) => new Applier(options, source);
}

interface BatchPlan {
  readonly plan: ApplyPlan;
  readonly split: HoldBackResult;
}

const NOTHING: Omit<ApplyOutcome, "durationMs"> = {
  rejected: [],
  held: 0,
  holds: [],
  created: 0,
  updated: 0,
  deleted: 0,
  rewrites: 0,
};

export class Applier implements BatchApplier {
  readonly #options: ApplierOptions;
  readonly #side: ReceivingSide;
  readonly #guard: SourceGuard;
  readonly #liveTypes: ReadonlySet<string>;

  constructor(options: ApplierOptions, source: BatchSource) {
    const { registry, store, clock, side, holds } = options;
    this.#options = options;
    this.#side = side.kind === "zone" ? side : { kind: "global", zone: source.zone };
    this.#guard = new SourceGuard({ side: this.#side, historyId: source.historyId, registry, store, clock });
    this.#liveTypes = liveTypesOf(registry, this.#side);
    holds.connect(this.#guard);
  }

  async apply(batch: ReceivedBatch): Promise<ApplyOutcome> {
    const { registry, holds, clock } = this.#options;
    const descriptor = registry.get(batch.type);
    const startedAt = clock.monotonic();
    const outcome =
      descriptor === undefined
        ? refused(batch)
        : await holds.exclusive(this.#side.zone, batch.type, () => this.#apply(descriptor, batch));
    return { ...outcome, durationMs: clock.monotonic() - startedAt };
  }

  close(): void {
    this.#guard.close();
    this.#options.holds.disconnect(this.#guard);
  }

  async #apply(descriptor: TypeDescriptor, batch: ReceivedBatch): Promise<Omit<ApplyOutcome, "durationMs">> {
    const { store, holds } = this.#options;
    this.#guard.observe(batch);
    await this.#awaitOthers(descriptor, batch);
    // Nobody waits for the answer any more, and a newer stream may have told something newer.
    if (!this.#guard.isOpen) return NOTHING;
    const { plan: planned, changes } = await commitPlanned(store, () => this.#planNow(descriptor, batch));
    const { plan, split } = planned;
    holds.applied({
      guard: this.#guard,
      descriptor,
      isInitial: batch.initial,
      provided: plan.provided,
      named: namedBy(descriptor, batch, plan),
      replacements: this.#liveTypes.has(descriptor.name) ? plan.creates.length : 0,
      heldBack: split.heldBack,
      withheld: split.withheld,
      intents: batch.intents,
    });
    return {
      rejected: plan.rejected,
      held: split.held,
      holds: holds.idsOf(this.#side.zone, descriptor.name),
      ...countOf(changes, descriptor.name),
      rewrites: plan.rewrites,
    };
  }

  #planNow(descriptor: TypeDescriptor, batch: ReceivedBatch): Planned<BatchPlan> {
    const plan = this.#plan(descriptor, batch);
    const split = this.#split(descriptor, batch, plan);
    const ops: Op[] = [];
    for (const resource of plan.creates) ops.push({ kind: "put", resource, expect: "absent" });
    for (const row of split.deletes) ops.push({ kind: "delete", key: row, expect: row.version });
    for (const { before, draft } of split.updates) ops.push({ kind: "put", resource: draft, expect: before.version });
    return { ops, plan: { plan, split } };
  }

  #plan(descriptor: TypeDescriptor, batch: ReceivedBatch): ApplyPlan {
    const { store } = this.#options;
    const stored = batch.initial ? store.list(descriptor.name) : this.#named(descriptor, batch);
    return planApply({ descriptor, batch, stored, side: this.#side });
  }

  #named(descriptor: TypeDescriptor, batch: ReceivedBatch): readonly Resource[] {
    const rows: Resource[] = [];
    for (const key of keysOf(descriptor.name, batch)) {
      const row = this.#options.store.get(key);
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  #split(descriptor: TypeDescriptor, batch: ReceivedBatch, plan: ApplyPlan): HoldBackResult {
    const { holds, registry, store } = this.#options;
    const side = this.#side;
    let totals: ReadonlyMap<string, number> | undefined;
    return holdBack({
      descriptor,
      side,
      isInitial: batch.initial,
      plan,
      intents: batch.intents,
      source: this.#guard.verdict,
      isInDoubt: holds.isInDoubt(this.#guard),
      isLive: this.#liveTypes.has(descriptor.name),
      holdOf: (origin) => holds.find(side.zone, descriptor.name, origin),
      isMeshGone: (mesh) => holds.isMeshGone(mesh),
      totals: () => {
        totals ??= this.#totals(descriptor);
        return totals;
      },
      weightOf: (rows) =>
        descriptor.name === MESH_TYPE
          ? meshWeight(
              rows.map((row) => row.name),
              batch.initial,
              { registry, store },
            )
          : undefined,
    });
  }

  #totals(descriptor: TypeDescriptor): ReadonlyMap<string, number> {
    const totals = new Map<string, number>();
    for (const row of this.#options.store.list(descriptor.name)) {
      if (!isOfSource(descriptor, row, this.#side)) continue;
      const origin = originOf(row, this.#side);
      totals.set(origin, (totals.get(origin) ?? 0) + 1);
    }
    return totals;
  }

  /**
   * Types come in any order: a first response that replaces a CA waits until the others have shown whether this source
   * still has its content. A source that proves its store's history is believed at once, and the Config is what proves.
   */
  async #awaitOthers(descriptor: TypeDescriptor, batch: ReceivedBatch): Promise<void> {
    if (!batch.initial || descriptor.name === CONFIG_TYPE || !isTrustMaterial(descriptor.name)) return;
    const { verdict } = this.#guard;
    if (verdict.kind === "same" && verdict.isHistoryProven) return;
    const plan = this.#plan(descriptor, batch);
    if (plan.updates.length === 0) return;
    await this.#guard.arrived(descriptor.name, this.#split(descriptor, batch, plan).heldBack.length > 0);
  }
}

/** Proxies and what is reported of them: they register by themselves, a rollout replaces them all under new names. */
function liveTypesOf(registry: Registry, side: ReceivingSide): ReadonlySet<string> {
  const live = new Set<string>();
  if (side.kind === "zone") return live;
  for (const { name, isProxy, insight } of registry.all()) {
    if (!isProxy) continue;
    live.add(name);
    if (insight !== undefined) live.add(insight);
  }
  return live;
}

function namedBy(descriptor: TypeDescriptor, batch: ReceivedBatch, { provided }: ApplyPlan): ReadonlySet<string> {
  if (batch.removed.length === 0) return provided;
  const named = new Set(provided);
  for (const wireName of batch.removed) named.add(keyOf(keyOfWireName(descriptor.name, wireName)));
  return named;
}

function countOf(changes: readonly Change[], type: string): { created: number; updated: number; deleted: number } {
  const count = { created: 0, updated: 0, deleted: 0 };
  for (const { key, before, after } of changes) {
    if (key.type !== type) continue;
    if (after === undefined) count.deleted += 1;
    else if (before === undefined) count.created += 1;
    else count.updated += 1;
  }
  return count;
}

function refused(batch: ReceivedBatch): Omit<ApplyOutcome, "durationMs"> {
  const reason = `type ${batch.type} is not known`;
  return { ...NOTHING, rejected: batch.upserts.map(({ wireName }) => ({ wireName, kind: "refused", reason })) };
}
