import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonPatch, type PatchOperation } from "./json-patch.ts";

describe("jsonPatch", () => {
  it.each<[string, JsonValue, JsonValue, readonly PatchOperation[]]>([
    ["nothing", { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, []],
    ["a member that comes", {}, { a: 1 }, [{ op: "add", path: "/a", value: 1 }]],
    [
      "a member that goes",
      { a: null },
      {},
      [
        { op: "test", path: "/a", value: null },
        { op: "remove", path: "/a", value: null },
      ],
    ],
    [
      "a value that changes, deep down, under names with signs",
      { "a/b": { "c~d": "x" } },
      { "a/b": { "c~d": "y" } },
      [
        { op: "test", path: "/a~1b/c~0d", value: "x" },
        { op: "remove", path: "/a~1b/c~0d", value: "x" },
        { op: "add", path: "/a~1b/c~0d", value: "y" },
      ],
    ],
    ["an element in the middle", [1, 2, 4], [1, 2, 3, 4], [{ op: "add", path: "/2", value: 3 }]],
    [
      "elements at the end",
      [1, 2, 3],
      [1],
      [
        { op: "test", path: "/1", value: 2 },
        { op: "remove", path: "/1", value: 2 },
        { op: "test", path: "/1", value: 3 },
        { op: "remove", path: "/1", value: 3 },
      ],
    ],
  ])("%s", (_title, before, after, expected) => {
    expect(jsonPatch(before, after)).toEqual(expected);
  });

  it("turns any document into any other", () => {
    const json = fc.letrec<{ json: JsonValue }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<JsonValue>(null, true, 1, "a"),
        fc.array(tie("json"), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom("a", "b", "c/d", "e~f", ""), tie("json"), { maxKeys: 4 }),
      ),
    })).json;
    fc.assert(
      fc.property(json, json, (before, after) => {
        expect(applied(before, jsonPatch(before, after))).toEqual(after);
      }),
    );
  });
});

/** RFC 6902, as far as it is used. */
function applied(document: JsonValue, patch: readonly PatchOperation[]): JsonValue {
  return patch.reduce<JsonValue>((value, operation) => {
    const steps = operation.path
      .split("/")
      .slice(1)
      .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
    return appliedAt(value, steps, operation) ?? null;
  }, document);
}

function appliedAt(
  value: JsonValue | undefined,
  steps: readonly string[],
  operation: PatchOperation,
): JsonValue | undefined {
  const [step, ...rest] = steps;
  if (step === undefined) {
    if (operation.op !== "add") expect(value).toEqual(operation.value);
    if (operation.op === "remove") return undefined;
    return operation.op === "add" ? operation.value : value;
  }
  if (Array.isArray(value)) {
    const list = [...(value as readonly JsonValue[])];
    const index = Number(step);
    if (rest.length === 0 && operation.op === "add") return list.toSpliced(index, 0, operation.value);
    const changed = appliedAt(list[index], rest, operation);
    return changed === undefined ? list.toSpliced(index, 1) : list.with(index, changed);
  }
  const object: JsonObject = isJsonObject(value) ? value : {};
  const changed = appliedAt(object[step], rest, operation);
  const others = Object.entries(object).filter(([name]) => name !== step);
  return Object.fromEntries(changed === undefined ? others : [...others, [step, changed]]);
}
