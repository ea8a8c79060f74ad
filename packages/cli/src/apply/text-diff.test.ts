import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unifiedDiff } from "./text-diff.ts";

const diff = (before: string, after: string): readonly string[] =>
  unifiedDiff(before, after, { before: "a", after: "b" }).split("\n");

describe("unifiedDiff", () => {
  it("is empty when nothing differs", () => {
    expect(unifiedDiff("a\nb\n", "a\nb", { before: "a", after: "b" })).toBe("");
    expect(unifiedDiff("", "", { before: "a", after: "b" })).toBe("");
  });

  it("shows what changed with what is around it", () => {
    expect(diff("1\n2\n3\n4\n5\n6\n7\n8", "1\n2\n3\n4\nfive\n6\n7\n8")).toEqual([
      "--- a",
      "+++ b",
      "@@ -2,7 +2,7 @@",
      " 2",
      " 3",
      " 4",
      "-5",
      "+five",
      " 6",
      " 7",
      " 8",
    ]);
  });

  it("shows all of what is new, and of what is gone", () => {
    expect(diff("", "x\ny")).toEqual(["--- a", "+++ b", "@@ -0,0 +1,2 @@", "+x", "+y"]);
    expect(diff("x\ny", "")).toEqual(["--- a", "+++ b", "@@ -1,2 +0,0 @@", "-x", "-y"]);
  });

  it("has a hunk for each place", () => {
    const lines = Array.from({ length: 30 }, (_, i) => String(i));
    const changed = lines.map((line, i) => (i === 2 || i === 25 ? `${line}!` : line));
    const marks = diff(lines.join("\n"), changed.join("\n")).filter((line) => line.startsWith("@@"));
    expect(marks).toEqual(["@@ -1,6 +1,6 @@", "@@ -23,7 +23,7 @@"]);
  });

  it("is quick about texts that have nothing in common", () => {
    const text = (mark: string): string => Array.from({ length: 5_000 }, (_, i) => mark + i).join("\n");
    expect(diff(text("a"), text("b"))).toHaveLength(10_003);
  });

  // Hypothesis: at the borders of hunks lines are lost, doubled, or counted wrongly.
  it("leads from one text to the other, whatever they are", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 40 });
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(patched(before, diff(before.join("\n"), after.join("\n")))).toEqual(after);
      }),
    );
  });
});

/** What `patch` does. */
function patched(before: readonly string[], lines: readonly string[]): readonly string[] {
  const result: string[] = [];
  let at = 0;
  let expected: readonly number[] = [];
  const counts = (): readonly number[] => expected;
  let seen = [0, 0];
  for (const line of lines.slice(2)) {
    const header = /^@@ -(\d+),(\d+) \+(\d+),(\d+) @@$/.exec(line);
    if (header) {
      expect(seen).toEqual(counts().length === 0 ? [0, 0] : counts());
      const [from = 0, removed = 0, , added = 0] = header.slice(1).map(Number);
      const start = removed === 0 ? from : from - 1;
      result.push(...before.slice(at, start));
      at = start;
      expected = [removed, added];
      seen = [0, 0];
      continue;
    }
    const [mark, text] = [line[0], line.slice(1)];
    if (mark !== "+") {
      expect(before[at]).toBe(text);
      at += 1;
      seen[0] = (seen[0] ?? 0) + 1;
    }
    if (mark !== "-") {
      result.push(text);
      seen[1] = (seen[1] ?? 0) + 1;
    }
  }
  if (expected.length > 0) expect(seen).toEqual(expected);
  return [...result, ...before.slice(at)];
}
