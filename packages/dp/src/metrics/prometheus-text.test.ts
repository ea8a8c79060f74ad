import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  escapeLabelValue,
  labelName,
  mergeFamilies,
  parseMetrics,
  renderMetrics,
  withLabels,
} from "./prometheus-text.ts";

const TEXT = `# HELP requests_total How many, by "path"
# TYPE requests_total counter
requests_total{path="/a\\"}{,=",code="200"} 3 1700000000000
requests_total{path="/b", code="500",} 1e3

# TYPE seconds histogram
seconds_bucket{le="0.5"} 1
seconds_bucket{le="+Inf"} 2
seconds_sum 0.75
seconds_count 2
up 1
up_count 7
broken{a="b 1
# just a remark
words are no metric
`;

describe("text of metrics", () => {
  it("is read by families", () => {
    const families = parseMetrics(TEXT);
    expect(families.map(({ name, type, samples }) => [name, type, samples.length])).toEqual([
      ["requests_total", "counter", 2],
      ["seconds", "histogram", 4],
      ["up", "untyped", 1],
      ["up_count", "untyped", 1],
    ]);
    expect(families[0]?.samples[0]).toEqual({
      name: "requests_total",
      labels: new Map([
        ["path", '/a\\"}{,='],
        ["code", "200"],
      ]),
      value: "3 1700000000000",
    });
  });

  it("is the same again once it was read and written", () => {
    const once = renderMetrics(parseMetrics(TEXT));
    expect(renderMetrics(parseMetrics(once))).toBe(once);
    expect(renderMetrics([])).toBe("");
  });

  it("carries any value of a label through", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (value) => {
        const labels = new Map([["a", escapeLabelValue(value)]]);
        const [family] = parseMetrics("x 1\n");
        const rendered = renderMetrics(family === undefined ? [] : [withLabels(family, labels)]);
        expect(parseMetrics(rendered)[0]?.samples[0]?.labels.get("a")).toBe(escapeLabelValue(value));
      }),
    );
  });

  it("of several sources is brought together, and what contradicts the first is left out", () => {
    const merged = mergeFamilies([
      parseMetrics("# TYPE a counter\na 1"),
      parseMetrics('# TYPE a counter\na{x="y"} 2\n# TYPE b gauge\nb 3'),
      parseMetrics("# TYPE a gauge\na 4"),
    ]);
    expect(renderMetrics(merged)).toBe('# TYPE a counter\na 1\na{x="y"} 2\n# TYPE b gauge\nb 3\n');
  });

  it("has names of labels that Prometheus takes", () => {
    expect(["kuma.proxy_role", "kuma.io/service", "1st"].map(labelName)).toEqual([
      "kuma_proxy_role",
      "kuma_io_service",
      "_1st",
    ]);
  });
});
