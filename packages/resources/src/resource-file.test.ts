import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Registry } from "./registry.ts";
import { parseResourceFile } from "./resource-file.ts";
import { builtinTypes } from "./types/all.gen.ts";
import { parseYamlDocuments } from "./yaml-documents.ts";

const registry = new Registry(builtinTypes);

describe("parseYamlDocuments", () => {
  it("reads several documents and JSON, with the line where each begins", () => {
    const text = '# first\ntype: Mesh\nname: a\n---\n\n---\n{"type": "Zone", "name": "b"}\n';
    const { documents, errors } = parseYamlDocuments(text);
    expect(documents).toMatchObject([
      { line: 2, value: { type: "Mesh", name: "a" } },
      { line: 7, value: { type: "Zone", name: "b" } },
    ]);
    expect(documents).toHaveLength(2);
    expect(errors).toEqual([]);
  });

  it("reads JSON of programs as it reads the same as YAML", () => {
    const read = (text: string) => {
      const { documents, errors } = parseYamlDocuments(text);
      return { documents: documents.map(({ line, value, lineAt }) => [line, value, lineAt("a.b[0]")]), errors };
    };
    const texts = fc.oneof(
      fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)),
      fc.constantFrom(
        '{"a":1,"a":2}',
        '{"2":1,"1":2}',
        '{"__proto__":{"x":1}}',
        '{"a":{"__proto__":1}}',
        '{"a":-0}',
        '{"a":1e400}',
        '{"<<":{"b":1}}',
        '{"a":"\\u0041\\n"}',
        '{"a":12345678901234567890}',
        "{a: 1}",
        '{"a":1}}',
        `{"a":${"[".repeat(250)}${"]".repeat(250)}}`,
      ),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const [quick, slow] = [text, `${text} `].map(read);
        expect(quick).toEqual(slow);
      }),
    );
  });

  it("reports a broken document with its line and still reads the others", () => {
    const { documents, errors } = parseYamlDocuments("a: 1\n---\nb: [1\nc: }\n---\nd: 2\n");
    expect(documents.map((document) => document.value)).toEqual([{ a: 1 }, { d: 2 }]);
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) expect([3, 4]).toContain(error.line);
  });

  it("refuses duplicate keys and alias bombs", () => {
    expect(parseYamlDocuments("a: 1\na: 2\n").errors[0]?.line).toBe(2);
    const bomb = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
    for (let level = 1; level < 8; level += 1) {
      bomb.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level === 1 ? "" : level - 1}`)
          .join(",")}]`,
      );
    }
    expect(parseYamlDocuments(bomb.join("\n")).errors).toHaveLength(1);
  });

  it("stops before a document that is too deep, whose recursion would end the process", () => {
    const indented = Array.from({ length: 3_000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n");
    for (const deep of [
      "[".repeat(100_000),
      "{a: ".repeat(50_000),
      "- ".repeat(50_000),
      "? ".repeat(50_000),
      indented,
    ]) {
      const { documents, errors } = parseYamlDocuments(`a: 1\n---\n${deep}`);
      expect(documents.map((document) => document.value)).toEqual([{ a: 1 }]);
      expect(errors.map((error) => error.message)).toEqual([
        "nested deeper than 200 levels; nothing from here on was read",
      ]);
      expect(errors[0]?.line).toBeGreaterThan(2);
    }
    const deepest = `${"[".repeat(200)}${"]".repeat(200)}`;
    expect(parseYamlDocuments(deepest).documents).toHaveLength(1);
    expect(parseYamlDocuments(`[${deepest}]`).errors).toEqual([{ line: 1, message: "nested deeper than 200 levels" }]);
  });

  it("does not let keys reach prototypes", () => {
    const { documents } = parseYamlDocuments("__proto__: {polluted: true}\na: 1\n");
    expect(documents[0]?.value).toEqual({ a: 1 });
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });

  it("takes nothing for nothing", () => {
    expect(parseYamlDocuments("")).toEqual({ documents: [], errors: [] });
    expect(parseYamlDocuments("# only a comment\n---\n")).toEqual({ documents: [], errors: [] });
  });
});

describe("parseResourceFile", () => {
  it("gives resources and problems in order of their lines", () => {
    const text = [
      "type: Zone",
      "name: east",
      "enabled: true",
      "---",
      "type: Nope",
      "---",
      "type: MeshTimeout",
      "name: t",
      "spec: {targetRef: {kind: Nope}}",
      "---",
      "name: without-type",
      "---",
      "- a list",
      "---",
      "type: Zone",
      "name: [1]",
    ].join("\n");
    const { resources, problems } = parseResourceFile(text, registry);
    expect(resources.map(({ line, resource }) => [line, resource.type, resource.name])).toEqual([[1, "Zone", "east"]]);
    expect(problems.map(({ line, message }) => [line, message.slice(0, 60)])).toEqual([
      [5, 'unknown resource type "Nope"'],
      [7, "spec.targetRef.kind: in body should be one of [Mesh MeshSubs"],
      [11, "`type` is missing"],
      [13, "a resource has to be a mapping"],
      [15, 'invalid Zone object: "json: cannot unmarshal array into Go s'],
    ]);
  });
});
