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
});
