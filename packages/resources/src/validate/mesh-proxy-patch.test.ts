/** What the answers of Kuma do not say of a MeshProxyPatch: our own texts, and where we are more lenient on purpose. */
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { decodeSpec } from "../kds-codec.ts";
import { fromPeer, fromUser, typeNamed } from "../testing/violations-of.ts";

const TYPE = "MeshProxyPatch";
const cluster = (members: JsonObject): JsonObject => ({
  default: { appendModifications: [{ cluster: { operation: "Patch", ...members } }] },
});
const FIELD = "spec.default.appendModifications[0].cluster.value";
const invalid = (error: string): [string, string] => [FIELD, `native Envoy resource is not valid: ${error}`];

describe("a value of Envoy's in a MeshProxyPatch", () => {
  it.each<[value: string, error: string]>([
    ["name: x\na: [", "line 2: "],
    ["a: *x", "Unresolved alias"],
    ["a:\n\tb: c", "line 2: "],
    ['{"name": "x"', "line 1: "],
    ["[".repeat(500), "nested deeper than 200 levels"],
    [`a: &a [b]\nc: [${"*a, ".repeat(200)}]`, "Excessive alias count"],
    ["  name: x\n type: STATIC", "line 2: "],
  ])("%j is no YAML to us; a peer may have read it", (value, error) => {
    expect(fromUser(TYPE, cluster({ value }))).toEqual([[FIELD, expect.stringContaining(`is not valid: ${error}`)]]);
    expect(fromPeer(TYPE, cluster({ value }))).toEqual([]);
  });

  it.each(["type: TOMORROW", "typedExtensionProtocolOptions: {a: {'@type': type.googleapis.com/envoy.tomorrow.v3.A}}"])(
    "%j may be newer than what we know of Envoy",
    (value) => {
      expect(fromUser(TYPE, cluster({ value }))).toEqual([]);
    },
  );

  it("is looked at up to a length", () => {
    const bad = "connectTimeout: 5";
    const padded = (length: number): string => `${bad} #${"x".repeat(length)}`;
    const error = invalid("json: cannot unmarshal number into Go value of type string");
    expect(fromUser(TYPE, cluster({ value: padded(90_000) }))).toEqual([error]);
    expect(fromUser(TYPE, cluster({ value: padded(100_000) }))).toEqual([]);
  });
});

it("a patch that sets null stays one on the way over KDS", () => {
  const patch = { op: "replace", path: "/a", value: null };
  const spec = cluster({ jsonPatches: [patch] });
  expect(fromUser(TYPE, spec)).toEqual([]);
  const decoded = decodeSpec(typeNamed(TYPE), "", Buffer.from(JSON.stringify(spec)));
  expect(decoded.ok && decoded.value.spec).toEqual(spec);
});
