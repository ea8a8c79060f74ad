import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defineType, flow, json } from "./define-type.ts";
import { decodeSpec, decodeStatus, encodeSpec, encodeStatus, SpecEncodingError } from "./kds-codec.ts";
import { Registry } from "./registry.ts";
import type { TypeDescriptor } from "./type-descriptor.ts";
import { builtinTypes } from "./types/all.gen.ts";
import { validateResource } from "./validate-resource.ts";

/** Spec and status as recorded between Kuma control planes: JSON text, or base64 of protobuf. */
interface Recorded {
  readonly type: string;
  readonly typeUrl: string;
  readonly spec?: string;
  readonly specBase64?: string;
  readonly status?: string;
}

const registry = new Registry(builtinTypes);
const recorded = JSON.parse(
  readFileSync(new URL("../testdata/kds-specs.json", import.meta.url), "utf8"),
) as readonly Recorded[];

function type(name: string): TypeDescriptor {
  const descriptor = registry.get(name);
  if (descriptor === undefined) throw new Error(`no type ${name}`);
  return descriptor;
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

const gadget = defineType({
  name: "Gadget",
  scope: "Mesh",
  format: json({
    kind: "object",
    properties: { interval: { schema: { kind: "duration" } }, name: { schema: { kind: "string" } } },
  }),
  kds: flow("globalToZones"),
  emptyStatus: {},
});

describe("recorded specs", () => {
  it.each(recorded.map((r, i) => [`${i} ${r.type}`, r] as const))(
    "%s keeps its bytes",
    (_name, { type: name, typeUrl, ...r }) => {
      const bytes = r.spec === undefined ? Buffer.from(r.specBase64 ?? "", "base64") : bytesOf(r.spec);
      const decoded = decodeSpec(type(name), typeUrl, bytes);
      if (!decoded.ok) throw new Error(decoded.error);
      expect(decoded.value.opaqueSpec).toBeUndefined();
      const encoded = encodeSpec(type(name), decoded.value);
      expect({ typeUrl: encoded.typeUrl, bytes: base64(encoded.bytes) }).toEqual({ typeUrl, bytes: base64(bytes) });
      const meta = {
        type: name,
        mesh: "default",
        name: "a",
        labels: {},
        creationTime: "",
        modificationTime: "",
        version: 0,
      };
      const resource = { ...meta, ...decoded.value };
      expect(validateResource(type(name), resource, { mode: "global" }, { isFromPeer: true })).toEqual([]);
      if (r.status === undefined) return;
      const status = decodeStatus(type(name), bytesOf(r.status));
      if (!status.ok || status.value === undefined) throw new Error("no status");
      expect(textOf(encodeStatus(type(name), { status: status.value }))).toBe(r.status);
    },
  );
});

describe("JSON specs", () => {
  it("keep order and unknown members, and get the canonical form of known ones", () => {
    const decoded = decodeSpec(gadget, "ignored", bytesOf('{"new":{"b":1,"a":null},"INTERVAL":"60s","name":"x"}'));
    if (!decoded.ok) throw new Error(decoded.error);
    expect(textOf(encodeSpec(gadget, decoded.value).bytes)).toBe(
      '{"new":{"b":1,"a":null},"interval":"1m0s","name":"x"}',
    );
  });

  it("lose nulls of members, which a Kuma zone writes into new MeshServices", () => {
    const decoded = decodeSpec(
      type("MeshService"),
      "",
      bytesOf('{"selector":{},"ports":[{"port":80}],"identities":null}'),
    );
    expect(decoded.ok && textOf(encodeSpec(type("MeshService"), decoded.value).bytes)).toBe(
      '{"selector":{},"ports":[{"port":80}]}',
    );
  });

  it("are escaped as Go does", () => {
    expect(textOf(encodeSpec(gadget, { spec: { name: "<a&b>\u2028ü" } }).bytes)).toBe(
      '{"name":"\\u003ca\\u0026b\\u003e\\u2028ü"}',
    );
    expect(encodeSpec(gadget, { spec: {} }).typeUrl).toBe("");
  });

  it.each([
    ["", "unexpected end of JSON input"],
    ["[]", "json: cannot unmarshal array into Go value of type object"],
    ['{"name":1}', "json: cannot unmarshal number into Go struct field name of type string"],
    ['{"interval":"soon"}', 'time: invalid duration "soon"'],
    ["[".repeat(300), "nested deeper than 200 levels"],
  ])("refuse %j", (text, error) => {
    expect(decodeSpec(gadget, "", bytesOf(text))).toEqual({ ok: false, error });
  });

  it("refuse garbage and treat null as empty, as Go does", () => {
    expect(decodeSpec(gadget, "", bytesOf("{oops")).ok).toBe(false);
    expect(decodeSpec(gadget, "", bytesOf("null"))).toEqual({ ok: true, value: { spec: {} } });
  });

  it("drop members that would become prototypes", () => {
    const decoded = decodeSpec(gadget, "", bytesOf('{"__proto__":{"name":"x"},"interval":"1s"}'));
    expect(decoded).toEqual({ ok: true, value: { spec: { interval: "1s" } } });
  });
});

describe("protobuf specs", () => {
  const url = "type.googleapis.com/kuma.system.v1alpha1.Config";
  // Field 1 (config) = "x"; field 15 is not known to us.
  const known = Uint8Array.of(0x0a, 1, 0x78);
  const withUnknown = Uint8Array.of(...known, 0x78, 5);

  it("keep fields that we do not know, byte for byte, in memory of their own", () => {
    const frame = Buffer.from([0, 0, ...withUnknown, 0]);
    const decoded = decodeSpec(type("Config"), url, frame.subarray(2, 2 + withUnknown.length));
    if (!decoded.ok) throw new Error(decoded.error);
    expect(decoded.value.spec).toEqual({ config: "x" });
    frame.fill(0xff);
    expect(decoded.value.opaqueSpec).toEqual(withUnknown);
    expect(encodeSpec(type("Config"), decoded.value)).toEqual({ typeUrl: url, bytes: withUnknown });
  });

  it("keep no bytes when the JSON says it all", () => {
    expect(decodeSpec(type("Config"), url, known)).toEqual({ ok: true, value: { spec: { config: "x" } } });
    expect(decodeSpec(type("Config"), url, new Uint8Array())).toEqual({ ok: true, value: { spec: {} } });
  });

  it("refuse another message, and damaged bytes", () => {
    expect(decodeSpec(type("Config"), "type.googleapis.com/kuma.mesh.v1alpha1.Mesh", known)).toEqual({
      ok: false,
      error: 'mismatched message type: got "kuma.mesh.v1alpha1.Mesh" want "kuma.system.v1alpha1.Config"',
    });
    expect(decodeSpec(type("Config"), "", known).ok).toBe(false);
    expect(decodeSpec(type("Config"), url, Uint8Array.of(0x0a, 9, 0x78)).ok).toBe(false);
  });

  it("throw when the store holds what the type cannot say", () => {
    expect(() => encodeSpec(type("Config"), { spec: { config: { not: "text" } } })).toThrow(SpecEncodingError);
  });
});

describe("status", () => {
  it("is the empty one when absent, and nothing for types without", () => {
    expect(decodeStatus(gadget, undefined)).toEqual({ ok: true, value: {} });
    expect(decodeStatus(type("Mesh"), bytesOf("{oops"))).toEqual({ ok: true, value: undefined });
    expect(textOf(encodeStatus(gadget, {}))).toBe("{}");
    expect(encodeStatus(type("Mesh"), {})).toBeUndefined();
    expect(decodeStatus(gadget, bytesOf("[]")).ok).toBe(false);
  });
});
