import { expect, it } from "vitest";
import { InsightDocument } from "./insight-document.ts";

const PAUSE_MS = 50;

/** Planned at 100; stored after that time. */
function writtenAfter(ms: number): InsightDocument {
  const document = new InsightDocument("MeshInsight", "default");
  const spec = { dataplanes: {} };
  document.touch("event", 90);
  document.plan(spec, 100);
  document.written(spec, 100 + ms, PAUSE_MS);
  return document;
}

it.each([
  ["a quick disk", 1, 150],
  ["a slow disk, which is no further delay", 40, 150],
  ["a disk that takes longer than the pause, which is over then", 200, 150],
])("pauses from the beginning of the write on: %s", (_, ms, dueAt) => {
  expect(writtenAfter(ms).dueAt).toBe(dueAt);
});

it("pauses from the first try of a write on", () => {
  const document = new InsightDocument("MeshInsight", "default");
  const [first, second] = [{ dataplanes: {} }, { dataplanes: { total: 1 } }];
  document.touch("event", 0);
  document.plan(first, 10);
  document.plan(second, 20);
  expect(document.written(first, 30, PAUSE_MS)).toBeUndefined();
  expect(document.written(second, 30, PAUSE_MS)).toMatchObject({ waitedMs: 10, plannedAt: 10 });
  expect(document.dueAt).toBe(60);
});
