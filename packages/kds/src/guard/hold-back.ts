/** Splits what a plan would do to the store into what may happen now and what the brake keeps back. Pure. */
import { keyOf, type Resource, type TypeDescriptor } from "@isthmus/resources";
import type { ApplyPlan, PlannedUpdate } from "../apply/plan-apply.ts";
import { originOf, type ReceivingSide } from "../apply/receiving-side.ts";
import { decideDeletions, LATER_DELETIONS_MIN } from "./brake.ts";
import type { Withheld } from "./hold-registry.ts";
import { coversIntent } from "./intents.ts";
import type { HeldBack, OpenHold } from "./open-hold.ts";
import { CONFIG_TYPE, type SourceVerdict } from "./sync-source.ts";
import { isTrustMaterial } from "./trust-material.ts";

export interface HoldBackInput {
  readonly descriptor: TypeDescriptor;
  readonly side: ReceivingSide;
  readonly isInitial: boolean;
  readonly plan: Pick<ApplyPlan, "creates" | "updates" | "deletes">;
  readonly intents: readonly string[];
  readonly source: SourceVerdict;
  /** Other content of the source is held, or the source is in doubt. */
  readonly isInDoubt: boolean;
  /** A type of live things (proxies), which come and go by themselves and under new names. */
  readonly isLive: boolean;
  readonly holdOf: (origin: string) => Pick<OpenHold, "kept" | "state"> | undefined;
  readonly isMeshGone: (mesh: string) => boolean;
  /** Rows of the source per origin; asked for only when it matters, for it walks over the type. */
  readonly totals: () => ReadonlyMap<string, number>;
  /** Why the deletion of these Meshes has to be confirmed; undefined for rows of all other types. */
  readonly weightOf: (rows: readonly Resource[]) => string | undefined;
}

export interface HoldBackResult {
  readonly deletes: readonly Resource[];
  readonly updates: readonly PlannedUpdate[];
  readonly heldBack: readonly HeldBack[];
  readonly withheld: readonly Withheld[];
  /** Rows of this batch that are kept back, those of earlier holds included. */
  readonly held: number;
}

interface Candidates {
  /** Would be deleted now. */
  readonly fresh: Resource[];
  /** Kept back since an earlier batch. */
  kept: number;
  /** Of these, undecided: an operator's decision to keep rows must not make the next deletion look bigger. */
  undecided: number;
  /** Deleted with their mesh. They make what else is deleted look as big as it is. */
  excused: number;
}

export function holdBack(input: HoldBackInput): HoldBackResult {
  const deletes: Resource[] = [];
  const heldBack: HeldBack[] = [];
  let held = 0;
  for (const [origin, candidates] of sortOut(input, deletes)) {
    held += candidates.kept;
    const stopped = decide(input, origin, candidates);
    if (stopped === undefined) {
      deletes.push(...candidates.fresh);
    } else {
      held += candidates.fresh.length;
      heldBack.push(stopped);
    }
  }
  const { updates, withheld } = withhold(input, heldBack.length > 0);
  return { deletes, updates, heldBack, withheld, held: held + withheld.length };
}

/** Rows whose reason is known go to `deletes` at once. */
function sortOut(input: HoldBackInput, deletes: Resource[]): ReadonlyMap<string, Candidates> {
  const byOrigin = new Map<string, Candidates>();
  for (const row of input.plan.deletes) {
    const origin = originOf(row, input.side);
    if (coversIntent(input.intents, row, origin)) {
      deletes.push(row);
      continue;
    }
    let candidates = byOrigin.get(origin);
    if (candidates === undefined) {
      candidates = { fresh: [], kept: 0, undecided: 0, excused: 0 };
      byOrigin.set(origin, candidates);
    }
    const hold = input.holdOf(origin);
    if (row.mesh !== "" && input.isMeshGone(row.mesh)) {
      candidates.excused += 1;
      deletes.push(row);
    } else if (hold?.kept.has(keyOf(row)) === true) {
      candidates.kept += 1;
      if (hold.state === "held") candidates.undecided += 1;
    } else {
      candidates.fresh.push(row);
    }
  }
  return byOrigin;
}

function decide(input: HoldBackInput, origin: string, candidates: Candidates): HeldBack | undefined {
  const { descriptor, isInitial, isLive, plan, source } = input;
  const { fresh, undecided, excused } = candidates;
  if (fresh.length === 0) return undefined;
  const deletions = fresh.length + excused + (isInitial ? undecided : 0);
  const weight = input.weightOf(fresh);
  const isOrdinary = !isInitial && deletions < LATER_DELETIONS_MIN && weight === undefined;
  if (isOrdinary && descriptor.name !== CONFIG_TYPE) return undefined;
  const of = totalOf(input, origin, deletions);
  const stop = { origin, rows: fresh, isInitial, of, excused };
  if (weight !== undefined) return { ...stop, cause: "mesh", reason: weight };
  const decision = decideDeletions({
    type: descriptor.name,
    origin,
    isInitial,
    deletions: isLive ? Math.max(0, deletions - plan.creates.length) : deletions,
    total: of,
    // Live things of a zone register anew with whatever store the zone has.
    source: isLive ? { kind: "new" } : source,
  });
  return decision.kind === "allow" ? undefined : { ...stop, cause: decision.cause, reason: decision.reason };
}

function totalOf(input: HoldBackInput, origin: string, deletions: number): number {
  return Math.max(input.totals().get(origin) ?? 0, deletions);
}

/** New trust material is stored; what is there is not replaced by a source of which anything else is in doubt. */
function withhold(
  input: HoldBackInput,
  holdsOwn: boolean,
): { readonly updates: readonly PlannedUpdate[]; readonly withheld: readonly Withheld[] } {
  const { plan, descriptor, side } = input;
  if (plan.updates.length === 0 || !isTrustMaterial(descriptor.name) || !(input.isInDoubt || holdsOwn)) {
    return { updates: plan.updates, withheld: [] };
  }
  const totals = input.totals();
  const withheld = plan.updates.map(({ before, draft }) => {
    const origin = originOf(before, side);
    return { origin, draft, of: totals.get(origin) ?? 1 };
  });
  return { updates: [], withheld };
}
