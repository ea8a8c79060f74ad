import { describe, expect, it } from "vitest";
import { parseDocuments } from "./documents.ts";

describe("parseDocuments", () => {
  it("reads many documents with their lines", () => {
    const { documents, problems } = parseDocuments(
      "a.yaml",
      "type: Mesh\nname: one\n---\n---\ntype: Mesh\nname: two\n",
    );
    expect(problems).toEqual([]);
    expect(documents.map((d) => [d.origin, d.resource["name"]])).toEqual([
      ["a.yaml:1", "one"],
      ["a.yaml:5", "two"],
    ]);
  });

  it("reports every problem with its line and still gives the rest", () => {
    const text = "type: Mesh\n---\n- 1\n---\nname: x\n---\ntype: Mesh\nname: good\n---\na: [\n";
    const { documents, problems } = parseDocuments("b.yaml", text);
    expect(documents.map((d) => d.resource["name"])).toEqual(["good"]);
    expect(problems.map((p) => p.split(": ")[0])).toEqual(["b.yaml:1", "b.yaml:3", "b.yaml:5", "b.yaml:11"]);
  });

  it("reads JSON", () => {
    const { documents } = parseDocuments("c.json", '{"type":"Mesh","name":"one"}');
    expect(documents).toHaveLength(1);
  });

  it.each<[string, string, string]>([
    ["brackets without end", "a: [b\n  - : :\n", "bad.yaml:"],
    ["bytes", "\u0000\u0001\ufffd: [", "bad.yaml:1: "],
    ["two members of one name", "type: Mesh\nname: a\nname: b\n", "bad.yaml:3: Map keys must be unique"],
    ["collections nested without end", "[".repeat(200_000), "bad.yaml:1: nested deeper than 200 levels"],
    ["aliases that multiply", aliases(9), "bad.yaml:"],
    ["a name that is no text", "type: Mesh\nname: [a]\n", "bad.yaml:1: name is missing"],
  ])("refuses %s", (_, text, problem) => {
    const { documents, problems } = parseDocuments("bad.yaml", text);
    expect(documents).toEqual([]);
    expect(problems[0]).toContain(problem);
  });

  it("drops members that would reach prototypes", () => {
    const { documents } = parseDocuments("a.yaml", "type: Mesh\nname: one\n__proto__: {polluted: 1}\n");
    expect(Object.keys(documents[0]?.resource ?? {})).toEqual(["type", "name"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

/** Each line ten times the one before. */
function aliases(levels: number): string {
  const lines = Array.from({ length: levels }, (_, level) => {
    const items = level === 0 ? "x" : `*a${level - 1}`;
    return `a${level}: &a${level} [${Array(10).fill(items).join(", ")}]`;
  });
  return `${lines.join("\n")}\n`;
}
