/**
 * One stored insight of a mesh, and when it may be written next. The first change after a quiet time is written at once;
 * while changes keep coming there is a pause between writes, so that a storm of them is a few writes.
 */
import type { ResourceKey } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";

export type InsightKind = "MeshInsight" | "ServiceInsight";
export const INSIGHT_KINDS: readonly InsightKind[] = ["MeshInsight", "ServiceInsight"];
/** Why it is looked at; all of them are once at the start. As Kuma's metric calls them. */
export type InsightReason = "event" | "resync";

/** One write, from the first change on that it contains. */
export interface InsightWrite {
  readonly spec: JsonObject;
  /** Joined in order of name when there are several. */
  readonly reason: string;
  /** From the change until it was planned; ms. */
  readonly waitedMs: number;
  /** Monotonic, ms. */
  readonly plannedAt: number;
}

export class InsightDocument {
  readonly kind: InsightKind;
  readonly mesh: string;
  readonly key: ResourceKey;
  readonly #reasons = new Set<InsightReason>();
  /** Monotonic, ms; undefined: the store has what it should have. */
  #dirtySince: number | undefined;
  #dueAt = Number.NEGATIVE_INFINITY;
  #planned: InsightWrite | undefined;

  constructor(kind: InsightKind, mesh: string) {
    this.kind = kind;
    this.mesh = mesh;
    this.key = insightKey(kind, mesh);
  }

  /** Monotonic, ms: not to be written before. */
  get dueAt(): number {
    return this.#dueAt;
  }

  touch(reason: InsightReason, now: number): void {
    this.#dirtySince ??= now;
    this.#reasons.add(reason);
  }

  isPlanned(spec: JsonObject | undefined): boolean {
    return spec !== undefined && this.#planned?.spec === spec;
  }

  /** `spec` is about to be written, or is tried again. */
  plan(spec: JsonObject, now: number): InsightWrite {
    const first = this.#planned;
    const waitedMs = now - (this.#dirtySince ?? now);
    const reason = [...this.#reasons].sort().join("_and_");
    this.#planned = { spec, reason, waitedMs: first?.waitedMs ?? waitedMs, plannedAt: first?.plannedAt ?? now };
    return this.#planned;
  }

  /**
   * The store holds `spec` now: what was planned when that is it. The next write begins `pauseMs` after this one began, so that a disk that
   * takes its time is no further delay.
   */
  written(spec: JsonObject | undefined, now: number, pauseMs: number): InsightWrite | undefined {
    const planned = this.#planned;
    if (planned === undefined || planned.spec !== spec) return undefined;
    this.#planned = undefined;
    this.#dueAt = planned.plannedAt + pauseMs;
    this.#dirtySince = now;
    return planned;
  }

  /** Nothing is to be written. */
  settle(): void {
    this.#dirtySince = undefined;
    this.#planned = undefined;
    this.#reasons.clear();
  }
}

export function insightKey(kind: InsightKind, mesh: string): ResourceKey {
  return kind === "MeshInsight"
    ? { type: kind, mesh: "", name: mesh }
    : { type: kind, mesh, name: `all-services-${mesh}` };
}
