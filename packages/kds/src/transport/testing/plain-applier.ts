/**
 * The rules of reconciliation without guards, holds or conflicts: enough to see whether the shells carry everything to the
 * right place, and with failures on demand.
 */
import { isLocallyOriginated, keyOf, ORIGIN_LABEL, type Registry, ZONE_LABEL } from "@isthmus/resources";
import type { Op, ResourceDraft, Store } from "@isthmus/store";
import type { OpenApplier } from "../../apply/batch-applier.ts";
import { type ApplyOutcome, keyOfWireName, type ReceivedBatch } from "../../session/received-resource.ts";

export interface PlainApplierOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly side: "global" | "zone";
  /** Thrown instead of applying. */
  readonly failure?: (batch: ReceivedBatch) => Error | undefined;
}

export function plainApplier(options: PlainApplierOptions): OpenApplier {
  return ({ zone }) => ({
    apply: (batch) => apply(options, zone, batch),
    close: () => {},
  });
}

async function apply(options: PlainApplierOptions, zone: string, batch: ReceivedBatch): Promise<ApplyOutcome> {
  const { store, registry, side, failure } = options;
  const failed = failure?.(batch);
  if (failed !== undefined) throw failed;
  const isOwned = (labels: ResourceDraft["labels"]): boolean => {
    if (side === "global") return labels[ZONE_LABEL] === zone;
    return registry.get(batch.type)?.kds.providedByZone !== true || !isLocallyOriginated("zone", labels);
  };
  const puts = batch.upserts.map(({ resource }) =>
    side === "zone"
      ? resource
      : { ...resource, labels: { ...resource.labels, [ZONE_LABEL]: zone, [ORIGIN_LABEL]: "zone" } },
  );
  const kept = new Set(puts.map(keyOf));
  const gone = batch.initial
    ? store.list(batch.type).filter((row) => !kept.has(keyOf(row)))
    : batch.removed.map((name) => store.get(keyOfWireName(batch.type, name))).filter((row) => row !== undefined);
  const deletes = gone.filter((row) => isOwned(row.labels));
  const ops: Op[] = [
    ...puts.map((resource) => ({ kind: "put" as const, resource })),
    ...deletes.map(({ type, mesh, name }) => ({ kind: "delete" as const, key: { type, mesh, name } })),
  ];
  const { changes } = await store.commit(ops);
  return {
    rejected: [],
    held: 0,
    holds: [],
    created: changes.filter((change) => change.before === undefined).length,
    updated: changes.filter((change) => change.before !== undefined && change.after !== undefined).length,
    deleted: changes.filter((change) => change.after === undefined).length,
    rewrites: 0,
    durationMs: 0,
  };
}
