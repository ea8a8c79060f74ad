import { readdirSync, readFileSync } from "node:fs";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { definePolicy, defineType, flow, json } from "./define-type.ts";
import { Registry } from "./registry.ts";
import { type ParseFailure, parseResource, resourceToRest, restText, ZERO_TIME } from "./rest-codec.ts";
import type { TypeDescriptor } from "./type-descriptor.ts";
import { builtinTypes } from "./types/all.gen.ts";

const registry = new Registry(builtinTypes);
const RECORDED = new URL("../testdata/rest/", import.meta.url);

function type(name: string): TypeDescriptor {
  const descriptor = registry.get(name);
  if (descriptor === undefined) throw new Error(`no type ${name}`);
  return descriptor;
}

function failureOf(descriptor: TypeDescriptor, document: string | JsonObject): ParseFailure | undefined {
  const parsed = parseResource(descriptor, document);
  return parsed.ok ? undefined : parsed.error;
}

/** A made-up type, so that these tests do not depend on the schema of a real one. */
const gadget = defineType({
  name: "Gadget",
  scope: "Mesh",
  format: json({
    kind: "object",
    properties: {
      selector: { schema: { kind: "object", properties: {} }, alwaysEmitted: true },
      interval: { schema: { kind: "duration" } },
      port: { schema: { kind: "integer", format: "int32", minimum: 1 }, required: true },
      state: { schema: { kind: "string", enum: ["On", "Off"], default: "Off" } },
    },
  }),
  kds: flow("globalToZones"),
  shortName: "gdg",
  emptyStatus: { ready: {} },
  validate: (resource, { mode }) =>
    resource.spec.port === 13 ? [{ field: "spec.port", reason: `is unlucky on a ${mode}` }] : [],
});

describe("recorded answers of a Kuma global", () => {
  it.each(readdirSync(RECORDED))("%s is printed again as it was", (file) => {
    const recorded = readFileSync(new URL(file, RECORDED), "utf8");
    const document: unknown = JSON.parse(recorded);
    const typeName = isJsonObject(document) && typeof document.type === "string" ? document.type : "";
    const parsed = parseResource(type(typeName), recorded, { isFromServer: true });
    expect(parsed.ok && restText(resourceToRest(type(typeName), parsed.value))).toBe(recorded);
  });
});

describe("parseResource", () => {
  it("ends at syntax errors", () => {
    const detail = (text: string): string => `invalid MeshTimeout object: ${JSON.stringify(text)}`;
    for (const text of ["", '{"type":', '{"type":"Mesh', "{", '{"a":1']) {
      expect(failureOf(type("MeshTimeout"), text)).toEqual({
        kind: "malformed",
        detail: detail("unexpected end of JSON input"),
      });
    }
    expect(failureOf(type("MeshTimeout"), "[]")).toEqual({
      kind: "malformed",
      detail: detail("json: cannot unmarshal array into Go value of type map[string]interface {}"),
    });
    expect(failureOf(type("MeshTimeout"), "nope")?.kind).toBe("malformed");
    expect(failureOf(type("MeshTimeout"), '"{}"')?.kind).toBe("malformed");
    expect(failureOf(type("MeshTimeout"), `${'{"spec":'.repeat(300)}1${"}".repeat(300)}`)).toEqual({
      kind: "malformed",
      detail: detail("nested deeper than 200 levels"),
    });
  });

  it("ends at violations of the schema, of which it reports all", () => {
    const document = { type: "Other", labels: { a: 1 }, spec: { port: 0, interval: "soon", state: "Up" } };
    expect(failureOf(gadget, document)).toEqual({
      kind: "invalid",
      violations: [
        { field: "", reason: ".name in body is required" },
        { field: "", reason: 'labels.a in body must be of type string: "number"' },
        { field: "spec.port", reason: "in body should be greater than or equal to 1" },
        { field: "spec.state", reason: "in body should be one of [On Off]" },
        { field: "", reason: "type in body should be one of [Gadget]" },
      ],
    });
    expect(failureOf(gadget, { type: "Gadget", name: "a" })).toEqual({
      kind: "invalid",
      violations: [{ field: "", reason: ".spec in body is required" }],
    });
    expect(failureOf(gadget, { type: "Gadget", name: "a", spec: [] })).toEqual({
      kind: "invalid",
      violations: [{ field: "", reason: 'spec in body must be of type object: "array"' }],
    });
  });

  it("ends at what cannot be decoded", () => {
    const document = { type: "Gadget", name: "a", spec: { port: 1, interval: "soon" } };
    expect(failureOf(gadget, document)).toEqual({
      kind: "malformed",
      detail: 'invalid Gadget object: "time: invalid duration \\"soon\\""',
    });
  });

  it("runs the rules of the type last, when asked to", () => {
    const document = { type: "Gadget", name: "a", spec: { port: 13 } };
    expect(parseResource(gadget, document, { validate: { mode: "zone" } })).toEqual({
      ok: false,
      error: { kind: "invalid", violations: [{ field: "spec.port", reason: "is unlucky on a zone" }] },
    });
    expect(parseResource(gadget, document).ok).toBe(true);
  });

  it("fills in defaults and the canonical form, and ignores what the server alone decides", () => {
    const document = {
      type: "Gadget",
      name: "a",
      labels: { b: "c" },
      kri: "kri_made_up",
      creationTime: "2026-01-01T00:00:00Z",
      status: { ready: { forged: true } },
      spec: { unknown: 1, port: 80, interval: "60s" },
    };
    const parsed = parseResource(gadget, document);
    expect(parsed).toEqual({
      ok: true,
      value: {
        type: "Gadget",
        mesh: "default",
        name: "a",
        labels: { b: "c" },
        spec: { selector: {}, interval: "1m0s", port: 80, state: "Off" },
        status: { ready: {} },
        creationTime: ZERO_TIME,
        modificationTime: ZERO_TIME,
        version: 0,
      },
    });
    const fromServer = parseResource(gadget, document, { isFromServer: true });
    expect(fromServer.ok && fromServer.value).toMatchObject({
      status: { ready: { forged: true } },
      creationTime: "2026-01-01T00:00:00Z",
    });
  });

  it("does not let a document reach prototypes", () => {
    const text = '{"type":"Gadget","name":"a","labels":{"__proto__":"x"},"spec":{"port":1,"__proto__":{"state":"On"}}}';
    const parsed = parseResource(gadget, text);
    expect(parsed.ok && parsed.value.labels).toEqual({});
    expect(parsed.ok && parsed.value.spec.state).toBe("Off");
    expect(Object.hasOwn(Object.prototype, "state")).toBe(false);
  });

  it("reads flat types without a schema", () => {
    const zone = type("Zone");
    const parsed = parseResource(zone, { type: "Zone", name: "east", mesh: "ignored", unknown: 1, enabled: false });
    expect(parsed.ok && parsed.value).toMatchObject({ mesh: "", name: "east", spec: { enabled: false } });
    expect(failureOf(zone, { type: "Zone", name: 1 })).toEqual({
      kind: "malformed",
      detail: 'invalid Zone object: "json: cannot unmarshal number into Go struct field name of type string"',
    });
    expect(failureOf(zone, { type: "Zone", name: "a", enabled: "x" })?.kind).toBe("malformed");
    expect(failureOf(zone, { type: "Zone", name: "a", creationTime: "today" })).toEqual({
      kind: "malformed",
      detail: `invalid Zone object: ${JSON.stringify('parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse "today" as "2006"')}`,
    });
    // A missing mesh is the caller's to refuse: it has the one of the URL.
    const dataplane = parseResource(type("Dataplane"), { type: "Dataplane", name: "a" });
    expect(dataplane.ok && dataplane.value.mesh).toBe("");
  });

  it("refuses target references of unknown kinds in policies", () => {
    const policy = { type: "MeshTimeout", name: "a", spec: { targetRef: { kind: "Nope" }, to: [{}] } };
    expect(failureOf(type("MeshTimeout"), policy)).toEqual({
      kind: "invalid",
      violations: [
        {
          field: "spec.targetRef.kind",
          reason:
            "in body should be one of [Mesh MeshSubset MeshGateway MeshService MeshExternalService MeshMultiZoneService MeshServiceSubset MeshHTTPRoute Dataplane]",
        },
        { field: "spec.to[0].targetRef", reason: "in body is required" },
      ],
    });
  });

  it("carries the configuration of a policy of which no more is known as given", () => {
    const open = definePolicy({ name: "MeshGadget", shortName: "mg", to: true });
    const spec = {
      targetRef: { kind: "Mesh" },
      to: [{ targetRef: { kind: "Mesh" }, default: { a: [null, 1.5, "x"] } }],
    };
    const parsed = parseResource(open, { type: "MeshGadget", name: "a", spec });
    expect(parsed.ok && parsed.value.spec).toEqual(spec);
  });
});

describe("resourceToRest", () => {
  const meta = {
    mesh: "default",
    name: "a",
    labels: {},
    creationTime: ZERO_TIME,
    modificationTime: ZERO_TIME,
    version: 3,
  };

  it("orders members as Kuma does and always shows a status that the type has", () => {
    const printed = resourceToRest(gadget, { ...meta, type: "Gadget", labels: { z: "1", a: "2" }, spec: { port: 1 } });
    expect(JSON.stringify(printed)).toBe(
      `{"type":"Gadget","mesh":"default","name":"a","creationTime":"${ZERO_TIME}","modificationTime":"${ZERO_TIME}","labels":{"a":"2","z":"1"},"kri":"kri_gdg_default___a_","spec":{"port":1},"status":{"ready":{}}}`,
    );
  });

  it("puts flat specs beside the meta members, which they never hide", () => {
    const secret = { ...meta, type: "Secret", spec: { data: "YQ==", name: "forged" } };
    expect(resourceToRest(type("Secret"), secret)).toEqual({
      type: "Secret",
      mesh: "default",
      name: "a",
      creationTime: ZERO_TIME,
      modificationTime: ZERO_TIME,
      data: "YQ==",
    });
  });
});

describe("restText", () => {
  it("indents by one space, escapes no HTML and ends with a line break", () => {
    expect(restText({ a: ["<&>", {}, []], b: "\u2028" })).toBe(
      '{\n "a": [\n  "<&>",\n  {},\n  []\n ],\n "b": "\\u2028"\n}\n',
    );
  });
});
