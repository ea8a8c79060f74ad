/** What the end of a hold does to the store. Pure. */
import type { ResourceKey } from "@isthmus/resources";
import type { Op, Store } from "@isthmus/store";
import type { Planned } from "../apply/commit-planned.ts";
import { withStatusOf } from "../apply/plan-apply.ts";
import { isOfSource } from "../apply/receiving-side.ts";
import type { OpenHold } from "./open-hold.ts";

/**
 * `accepted` by an operator; rows `returned`, or are `gone` here, or went with their mesh; the source gave an `intent`, or the
 * same state for the hold `time`; or what is left is no longer more than an ordinary change (`settled`).
 */
export type HoldEnd = "accepted" | "returned" | "gone" | "intent" | "time" | "settled";

export interface Release {
  readonly why: HoldEnd;
  /** Only these rows. Absent: all. */
  readonly covers?: (key: ResourceKey) => boolean;
  readonly withWithheld: boolean;
}

/** Key texts of what is no longer kept. */
export interface PlannedRelease {
  readonly kept: readonly string[];
  readonly withheld: readonly string[];
}

/** Only rows that are still the source's own, as they are now. */
export function planRelease(hold: OpenHold, release: Release, store: Pick<Store, "get">): Planned<PlannedRelease> {
  const { descriptor, side } = hold;
  const ops: Op[] = [];
  const kept: string[] = [];
  for (const [text, key] of hold.kept) {
    if (release.covers !== undefined && !release.covers(key)) continue;
    kept.push(text);
    const row = store.get(key);
    if (row !== undefined && isOfSource(descriptor, row, side)) ops.push({ kind: "delete", key, expect: row.version });
  }
  const withheld = release.withWithheld ? [...hold.withheld.keys()] : [];
  for (const text of withheld) {
    const draft = hold.withheld.get(text);
    const row = draft === undefined ? undefined : store.get(draft);
    if (draft === undefined || (row !== undefined && !isOfSource(descriptor, row, side))) continue;
    const resource = row === undefined || side.kind === "global" ? draft : withStatusOf(row, draft);
    ops.push({ kind: "put", resource, expect: row?.version ?? "absent" });
  }
  return { ops, plan: { kept, withheld } };
}
