import type { JsonObject, JsonValue } from "@isthmus/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyJsonPatches } from "./json-patch.ts";

const document = { a: { b: [1, 2, 3] }, "c/d": "e", n: null };

describe("JSON Patch", () => {
  it.each<[JsonObject, JsonValue]>([
    [
      { op: "add", path: "/a/x", value: 1 },
      { a: { b: [1, 2, 3], x: 1 }, "c/d": "e", n: null },
    ],
    [
      { op: "add", path: "/a/b/1", value: 9 },
      { a: { b: [1, 9, 2, 3] }, "c/d": "e", n: null },
    ],
    [
      { op: "add", path: "/a/b/-", value: 9 },
      { a: { b: [1, 2, 3, 9] }, "c/d": "e", n: null },
    ],
    [
      { op: "add", path: "/a/b/-1", value: 9 },
      { a: { b: [1, 2, 3, 9] }, "c/d": "e", n: null },
    ],
    [
      { op: "add", path: "/x/y/0/z", value: 1 },
      { ...document, x: { y: [{ z: 1 }] } },
    ],
    [
      { op: "add", path: "/x/-/z", value: 1 },
      { ...document, x: [{ z: 1 }] },
    ],
    [
      { op: "replace", path: "/c~1d", value: null },
      { a: { b: [1, 2, 3] }, "c/d": null, n: null },
    ],
    [
      { op: "replace", path: "/a/b/-1", value: 9 },
      { a: { b: [1, 2, 9] }, "c/d": "e", n: null },
    ],
    [
      { op: "replace", path: "/n", value: 1 },
      { ...document, n: 1 },
    ],
    [
      { op: "remove", path: "/a/b/0" },
      { a: { b: [2, 3] }, "c/d": "e", n: null },
    ],
    [{ op: "remove", path: "/a/missing/b" }, document],
    [
      { op: "copy", from: "/a/b/0", path: "/x" },
      { ...document, x: 1 },
    ],
    [
      { op: "move", from: "/a/b/0", path: "/a/b/-" },
      { a: { b: [2, 3, 1] }, "c/d": "e", n: null },
    ],
    [{ op: "add", path: "", value: [1] }, [1]],
  ])("%j", (patch, expected) => {
    expect(applyJsonPatches(document, [patch])).toEqual({ ok: true, value: expected });
  });

  it.each<[JsonObject, string]>([
    [{ op: "replace", path: "/x", value: 1 }, "replace /x: there is nothing"],
    [{ op: "replace", path: "/x/y", value: 1 }, "replace /x/y: there is nothing"],
    [{ op: "replace", path: "/a/b/3", value: 1 }, "replace /a/b/3: 3 is no place of a list of 3"],
    [{ op: "add", path: "/a/b/9", value: 1 }, "add /a/b/9: 9 is no place of a list of 3"],
    [{ op: "add", path: "/a/b/-5", value: 1 }, "add /a/b/-5: -5 is no place of a list of 3"],
    [{ op: "add", path: "/c~1d/x", value: 1 }, "add /c~1d/x: x is looked for in what has no members"],
    [{ op: "copy", from: "/x", path: "/y" }, "copy /y: there is nothing at /x"],
    [{ op: "remove", path: "" }, "remove : the whole cannot be removed"],
    [{ op: "test", path: "/a", value: 1 }, "test /a: unknown operation"],
  ])("%j is refused", (patch, error) => {
    expect(applyJsonPatches(document, [patch])).toEqual({ ok: false, error });
  });

  it("leaves the document as it was, and takes nothing from its prototype", () => {
    const before = structuredClone(document);
    applyJsonPatches(document, [{ op: "add", path: "/a/b/0", value: 0 }]);
    expect(document).toEqual(before);
    const patched = applyJsonPatches({}, [{ op: "add", path: "/__proto__/x", value: 1 }]);
    expect(({} as { x?: number }).x).toBeUndefined();
    expect(patched.ok && Object.keys(patched.value ?? {})).toEqual(["__proto__"]);
  });

  it("adds what it then finds, and removes what it then does not", () => {
    const member = fc.constantFrom("a", "b", "c", "~0", "~1");
    const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;
    fc.assert(
      fc.property(
        fc.dictionary(member, json),
        fc.array(member, { minLength: 1, maxLength: 3 }),
        json,
        (base, path, value) => {
          const pointer = `/${path.join("/")}`;
          const added = applyJsonPatches(base, [{ op: "add", path: pointer, value }]);
          if (!added.ok) return;
          expect(applyJsonPatches(added.value, [{ op: "copy", from: pointer, path: "" }])).toEqual({ ok: true, value });
          const removed = applyJsonPatches(added.value, [{ op: "remove", path: pointer }]);
          const again = applyJsonPatches(removed.ok ? removed.value : null, [{ op: "replace", path: pointer, value }]);
          expect(again.ok).toBe(false);
        },
      ),
    );
  });
});
