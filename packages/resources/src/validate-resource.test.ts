import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { definePolicy, defineType, flow, json, protobuf } from "./define-type.ts";
import { logForm, MASK } from "./log-form.ts";
import type { Resource } from "./resource.ts";
import { validateResource } from "./validate-resource.ts";

const gadget = defineType({
  name: "Gadget",
  scope: "Mesh",
  format: json({ kind: "object", properties: { port: { schema: { kind: "integer" }, required: true } } }),
  kds: flow("globalToZones"),
  validate: ({ spec }) => (spec.port === 13 ? [UNLUCKY] : []),
});

function resource(changes: Partial<Resource> = {}): Resource {
  return {
    type: "Gadget",
    mesh: "default",
    name: "a",
    labels: {},
    spec: { port: 1 },
    creationTime: "",
    modificationTime: "",
    version: 0,
    ...changes,
  };
}

const UNLUCKY = { field: "spec.port", reason: "is unlucky" };
const mode = { mode: "global" } as const;
const reasons = (changes: Partial<Resource>, isFromPeer = false): string[] =>
  validateResource(gadget, resource(changes), mode, { isFromPeer }).map((v) => `${v.field}: ${v.reason}`);

describe("validateResource", () => {
  it("checks name, then shape, then the rules of the type", () => {
    expect(reasons({})).toEqual([]);
    expect(reasons({ spec: { port: 13 } })).toEqual(["spec.port: is unlucky"]);
    expect(reasons({ name: "", spec: {} })).toEqual(["name: cannot be empty", "spec.port: in body is required"]);
    expect(reasons({ spec: { port: "13" } })).toEqual(['spec.port: in body must be of type integer: "string"']);
  });

  it("lets the rules of the type speak first about what peers send", () => {
    const gizmo = { ...gadget, validate: ({ spec }: Resource) => (spec.port === "13" ? [UNLUCKY] : []) };
    const fromPeer = (spec: Resource["spec"]): unknown =>
      validateResource(gizmo, resource({ spec }), mode, { isFromPeer: true });
    expect(fromPeer({ port: "13" })).toEqual([UNLUCKY]);
    expect(fromPeer({})).toEqual([{ field: "spec.port", reason: "in body is required" }]);
  });

  it("asks peers no schema of a policy, as Kuma does not", () => {
    const policy = definePolicy({
      name: "Gadget",
      shortName: "gdg",
      spec: { kind: "object", properties: { mode: { schema: { kind: "string", enum: ["On"] }, required: true } } },
      validate: gadget.validate ?? expect.fail(),
    });
    const found = (spec: JsonObject, isFromPeer: boolean): number =>
      validateResource(policy, resource({ spec }), mode, { isFromPeer }).length;
    expect([found({ mode: "Newer" }, true), found({ mode: "Newer" }, false)]).toEqual([0, 1]);
    expect([found({}, true), found({}, false)]).toEqual([0, 1]);
    expect(found({ port: 13 }, true)).toBe(1);
  });

  it("takes older names from peers, but none that do not fit into keys", () => {
    expect(reasons({ name: "Old_name" })).toHaveLength(1);
    expect(reasons({ name: "Old_name" }, true)).toEqual([]);
    expect(reasons({ name: "a".repeat(254) }, true)).toEqual(["name: value length must less or equal 253"]);
    expect(reasons({ name: "", mesh: "" }, true)).toEqual(["name: cannot be empty", "mesh: cannot be empty"]);
    for (const name of ["a b", "a\u0000b", "a\nb", "\ud800"]) expect(reasons({ name }, true)).toHaveLength(1);
  });

  it("has no schema to check for protobuf types", () => {
    const flat = defineType({ name: "F", scope: "Global", format: protobuf("x"), kds: flow() });
    expect(validateResource(flat, resource({ mesh: "", spec: { anything: 1 } }), mode)).toEqual([]);
  });
});

describe("logForm", () => {
  it("shows no spec of what only admins may read", () => {
    const secret = { ...gadget, isAdminOnly: true };
    expect(logForm(secret, resource()).spec).toBe(MASK);
    expect(logForm(gadget, resource()).spec).toEqual({ port: 1 });
    expect(JSON.stringify(logForm(secret, resource({ opaqueSpec: Uint8Array.of(1) })))).not.toContain("opaque");
  });
});
