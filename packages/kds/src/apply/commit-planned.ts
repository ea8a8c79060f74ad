/** Commits what a plan makes of the present state; plans anew when somebody else was faster. */
import type { Change, Op, Store } from "@isthmus/store";
import { StoreError } from "@isthmus/store";

/** Local writers (statuses) touch the same rows; each lost race means that one of them made progress. */
export const COMMIT_TRIES_MAX = 25;

export interface Planned<T> {
  readonly ops: readonly Op[];
  readonly plan: T;
}

export interface Committed<T> {
  readonly plan: T;
  /** Cascades included; empty when there was nothing to do. */
  readonly changes: readonly Change[];
}

/** @throws {StoreError} when the store refuses for another reason, or too often for this one */
export async function commitPlanned<T>(store: Store, planNow: () => Planned<T>): Promise<Committed<T>> {
  for (let attempt = 1; ; attempt += 1) {
    const { ops, plan } = planNow();
    if (ops.length === 0) return { plan, changes: [] };
    try {
      const { changes } = await store.commit(ops);
      return { plan, changes };
    } catch (error) {
      if (attempt >= COMMIT_TRIES_MAX || !isLostRace(error, store)) throw error;
    }
  }
}

function isLostRace(error: unknown, store: Store): boolean {
  if (!(error instanceof StoreError)) return false;
  if (error.code === "VERSION_CONFLICT" || error.code === "ALREADY_EXISTS") return true;
  // A row to delete is gone already. A missing owner stays missing however often one plans.
  return (
    error.code === "NOT_FOUND" &&
    error.key !== undefined &&
    error.key.type !== "Zone" &&
    store.get(error.key) === undefined
  );
}
