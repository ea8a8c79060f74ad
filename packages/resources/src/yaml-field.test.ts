import { describe, expect, it } from "vitest";
import { parseYamlDocuments } from "./yaml-documents.ts";

const TEXT = `type: Mesh
name: first
---
# about the second
type: MeshTimeout
name: a
labels:
  team: x
  "a/b": y
spec:
  to:
  - targetRef:
      kind: Mesh
  - targetRef: {kind: MeshService, name: b}
    default:
      idleTimeout: 1s
---
{
  "type": "Mesh",
  "mtls": { "backends": [
    { "name": "x" } ] }
}
`;

const [first, second, third] = parseYamlDocuments(TEXT).documents;

describe("the line of a field", () => {
  it.each([
    ["name", 6],
    ['labels["a/b"]', 9],
    ["labels.team", 8],
    ["spec.to[0].targetRef.kind", 13],
    ["spec.to[1].default.idleTimeout", 16],
    ["spec.to[1].targetRef.name", 14],
  ])("%s is %i", (field, line) => expect(second?.lineAt(field)).toBe(line));

  it.each([
    ["spec.to[1].default.http.requestTimeout", 15],
    ["spec.to[7].targetRef", 11],
    ["spec.from", 10],
    ["nothing", 5],
    ["", 5],
    ["[0]", 5],
  ])("%s, which is not there, is that of what holds it: %i", (field, line) => expect(second?.lineAt(field)).toBe(line));

  it("counts in the whole file", () => {
    expect(first?.lineAt("name")).toBe(2);
    expect(third?.lineAt("mtls.backends[0].name")).toBe(21);
  });
});
