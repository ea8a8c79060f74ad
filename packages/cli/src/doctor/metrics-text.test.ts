import { expect, it } from "vitest";
import { parseMetrics } from "./metrics-text.ts";

it("metrics are read with labels of any kind", () => {
  const text = '# HELP a b\na{x="1",y="q\\"\\\\"} 2\na 3\nb:c NaN\nd +Inf\nnot a line\n';
  const found = parseMetrics(text);
  expect(found.get("a")).toEqual([
    { labels: { x: "1", y: 'q\\"\\\\' }, value: 2 },
    { labels: {}, value: 3 },
  ]);
  expect(found.get("b:c")).toEqual([{ labels: {}, value: Number.NaN }]);
  expect(found.get("d")).toEqual([{ labels: {}, value: Number.POSITIVE_INFINITY }]);
  expect(found.size).toBe(3);
});
