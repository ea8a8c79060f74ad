import { describe, expect, it } from "vitest";
import { type BrakeQuestion, decideDeletions } from "./brake.ts";
import { judgeSource, type PresentedIdentity, type SourceIdentity, type SourceVerdict } from "./sync-source.ts";

const SAME: SourceVerdict = { kind: "same", isHistoryProven: false };

function decide(question: Partial<BrakeQuestion>): string {
  const decision = decideDeletions({
    type: "MeshTimeout",
    origin: "global",
    isInitial: true,
    deletions: 0,
    total: 0,
    source: SAME,
    ...question,
  });
  return decision.kind === "allow" ? "allow" : `hold ${decision.cause}`;
}

describe("first response", () => {
  it.each([
    [0, 0, "allow"],
    [0, 10, "allow"],
    [1, 1, "allow"],
    [1, 3, "allow"],
    [2, 2, "hold bulk"],
    [2, 6, "hold bulk"],
    [2, 7, "allow"],
    [3, 10, "hold bulk"],
    [29, 100, "allow"],
    [30, 100, "hold bulk"],
    [57, 190, "hold bulk"],
    [2_999, 10_000, "allow"],
    [3_000, 10_000, "hold bulk"],
  ])("lacks %i of %i: %s", (deletions, total, expected) => {
    expect(decide({ deletions, total })).toBe(expected);
  });
});

describe("later response", () => {
  it.each([
    [1, 1, "allow"],
    [2, 2, "allow"],
    [19, 19, "allow"],
    [20, 20, "hold bulk"],
    [20, 66, "hold bulk"],
    [20, 67, "allow"],
    [30, 100, "hold bulk"],
    [29, 100, "allow"],
  ])("removes %i of %i: %s", (deletions, total, expected) => {
    expect(decide({ deletions, total, isInitial: false })).toBe(expected);
  });
});

describe("another source", () => {
  const other: SourceVerdict = { kind: "other", reason: "another cluster id" };

  it("deletes nothing by a first response, however little", () => {
    expect(decide({ deletions: 1, total: 1_000, source: other })).toBe("hold identity");
    expect(decide({ deletions: 0, total: 1_000, source: other })).toBe("allow");
  });

  it("deletes by name what it once had", () => {
    expect(decide({ deletions: 1, total: 1, source: other, isInitial: false })).toBe("allow");
  });

  it("never deletes the cluster id", () => {
    expect(decide({ type: "Config", deletions: 1, total: 1, source: other, isInitial: false })).toBe("hold identity");
  });

  it("counts as another one until it has shown its cluster id", () => {
    expect(decide({ deletions: 1, total: 1_000, source: { kind: "unproven" } })).toBe("hold identity");
    expect(decide({ deletions: 1, total: 1_000, source: { kind: "new" } })).toBe("allow");
  });
});

describe("who the source is", () => {
  const seen = (id: string | undefined): PresentedIdentity["clusterId"] => ({ kind: "seen", id });
  const known = (clusterId?: string, historyId?: string): SourceIdentity => ({ clusterId, historyId });

  it.each<[string, SourceIdentity | undefined, PresentedIdentity["clusterId"], string | undefined, string]>([
    ["nothing known", undefined, seen("a"), "h", "new"],
    ["nothing to compare", known(undefined, "h"), seen("a"), undefined, "new"],
    ["same cluster", known("a"), seen("a"), undefined, "same"],
    ["same cluster, first time with a history", known("a"), seen("a"), "h", "same"],
    ["same cluster, no longer with a history", known("a", "h"), seen("a"), undefined, "same"],
    ["same history", known("a", "h"), seen("a"), "h", "same proven"],
    ["same history, cluster id not seen yet", known("a", "h"), { kind: "unseen" }, "h", "same proven"],
    ["a zone with the same history", known(undefined, "h"), { kind: "unseen" }, "h", "same proven"],
    ["cluster id not seen yet", known("a"), { kind: "unseen" }, undefined, "unproven"],
    ["other cluster", known("a"), seen("b"), undefined, "other"],
    ["cluster id vanished", known("a"), seen(undefined), undefined, "other"],
    ["other cluster, same history", known("a", "h"), seen("b"), "h", "other"],
    ["other history", known("a", "h"), seen("a"), "i", "other"],
    ["other history before the cluster id is seen", known("a", "h"), { kind: "unseen" }, "i", "other"],
    ["a zone with another history", known(undefined, "h"), { kind: "unseen" }, "i", "other"],
  ])("%s", (_, before, clusterId, historyId, expected) => {
    const verdict = judgeSource(before, { clusterId, historyId });
    const proof = verdict.kind === "same" && verdict.isHistoryProven ? " proven" : "";
    expect(`${verdict.kind}${proof}`).toBe(expected);
  });
});
