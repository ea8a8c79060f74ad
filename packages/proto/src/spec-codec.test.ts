import { Buffer } from "node:buffer";
import type { DescMessage } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { jsonEquals } from "@isthmus/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { registry } from "./registry.ts";
import { decodeSpec, descriptorOf, packSpec, specFromJson, specToJson } from "./spec-codec.ts";
import { arbitrarySpecJson } from "./testing/arbitrary-spec.ts";
import { goEncodings } from "./testing/recorded.ts";
import { hasUnknownFields } from "./unknown-fields.ts";
import { scanSpec } from "./wire/spec-scan.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
function value<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string },
): T {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

const MESH = "kuma.mesh.v1alpha1.Mesh";
const DATAPLANE = "kuma.mesh.v1alpha1.Dataplane";
const ZONE_INSIGHT = "kuma.system.v1alpha1.ZoneInsight";
const SECRET = "kuma.system.v1alpha1.Secret";

/** Messages without an Any, whose content JSON cannot name. */
const specs = [...registry]
  .filter((desc): desc is DescMessage => desc.kind === "message" && desc.typeName.startsWith("kuma."))
  .filter((desc) => desc.typeName !== "kuma.mesh.v1alpha1.KumaResource");

describe("compared with Go", () => {
  const encodings = goEncodings();

  it("every spec message is covered", () => {
    expect(new Set(encodings.map(({ name }) => name)).size).toBe(28);
  });

  it("the same JSON gives the same bytes, and the bytes the same JSON", () => {
    for (const { name, json, raw } of encodings) {
      expect(hex(packSpec(name, value(specFromJson(name, json))).value), name).toBe(hex(raw));
      expect(value(specToJson(name, value(decodeSpec(descriptorOf(name), raw)))), name).toEqual(json);
    }
  });
});

describe.each(specs.map((desc) => [desc.typeName, desc] as const))("%s", (name, desc) => {
  it("random documents survive JSON -> bytes -> JSON", () => {
    fc.assert(
      fc.property(arbitrarySpecJson(desc), (json) => {
        const { value: bytes } = packSpec(name, value(specFromJson(name, json)));
        const message = value(decodeSpec(desc, bytes));
        expect(hasUnknownFields(desc, message)).toBe(false);
        const printed = value(specToJson(name, message));
        expect(jsonEquals(printed, json) || printed).toBe(true);
        expect(hex(packSpec(name, message).value)).toBe(hex(bytes));
      }),
      { numRuns: 15 },
    );
  });
});

describe("unknown fields", () => {
  const composed = specs.filter((desc) => desc.fields.some((field) => isEmbedding(field.message)));

  it("at any depth survive a round trip and are noticed", () => {
    fc.assert(
      fc.property(fc.constantFrom(...composed), fc.infiniteStream(fc.nat()), fc.nat(), (desc, choices, number) => {
        const bytes = withUnknownField(desc, choices, 5000 + (number % 1000));
        const message = value(decodeSpec(desc, bytes));
        expect(hasUnknownFields(desc, message)).toBe(true);
        expect(value(scanSpec(desc, bytes)).hasUnknownFields).toBe(true);
        expect(hex(packSpec(desc.typeName, message).value)).toBe(hex(bytes));
        // Printing them is impossible, but the rest is not lost.
        expect(specToJson(desc.typeName, message).ok).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("inside of a wrapper are noticed in the bytes", () => {
    // Zone.enabled = BoolValue { value: true, unknown 2: 1 }
    const bytes = Buffer.from("0a0408011001", "hex");
    const zone = descriptorOf("kuma.system.v1alpha1.Zone");
    expect(value(scanSpec(zone, bytes)).hasUnknownFields).toBe(true);
    expect(value(scanSpec(zone, Buffer.from("0a020801", "hex"))).hasUnknownFields).toBe(false);
  });
});

describe("printing", () => {
  it("follows the declaration, not the numbers, and keeps set but empty messages", () => {
    const json = value(
      specFromJson(DATAPLANE, {
        networking: { inbound: [{ tags: { b: "2", a: "1" }, health: {}, port: 80 }], address: "10.0.0.1", gateway: {} },
      }),
    );
    expect(JSON.stringify(value(specToJson(DATAPLANE, json)))).toBe(
      '{"networking":{"address":"10.0.0.1","gateway":{},"inbound":[{"port":80,"tags":{"a":"1","b":"2"},"health":{}}]}}',
    );
  });

  it("keeps names that are not plain camel case", () => {
    const json = { mTLS: { issuedBackend: "ca-1" }, subscriptions: [{ version: { kumaDp: { gitTag: "v1" } } }] };
    const name = "kuma.mesh.v1alpha1.DataplaneInsight";
    expect(value(specToJson(name, value(specFromJson(name, json))))).toEqual(json);
  });

  it("is an error, not an exception, when JSON has no form for a value", () => {
    // interval = Duration { seconds: 1, nanos: 2,000,000,000 }
    const message = value(
      decodeSpec(
        descriptorOf("kuma.mesh.v1alpha1.ZoneHealthCheckResponse"),
        Buffer.from("0a0808011080a8d6b907", "hex"),
      ),
    );
    expect(specToJson("kuma.mesh.v1alpha1.ZoneHealthCheckResponse", message)).toEqual({
      ok: false,
      error:
        "cannot print kuma.mesh.v1alpha1.ZoneHealthCheckResponse as JSON: ns out of range (-1000000000, 1000000000)",
    });
  });
});

describe("reading", () => {
  it.each([
    [
      DATAPLANE,
      { networking: { transparent_proxying: { redirect_port_inbound: "15006" } } },
      { networking: { transparentProxying: { redirectPortInbound: 15006 } } },
    ],
    [
      DATAPLANE,
      { networking: { inbound: [{ service_port: 1, serviceProbe: { unhealthyThreshold: 0 } }] } },
      { networking: { inbound: [{ serviceProbe: { unhealthyThreshold: 0 } }] } },
    ],
    [
      MESH,
      { type: "Mesh", name: "default", mtls: { backends: [{ mode: 1, dpCert: { requestTimeout: "1m30s" } }] } },
      { mtls: { backends: [{ mode: "PERMISSIVE", dpCert: { requestTimeout: "90s" } }] } },
    ],
    [
      MESH,
      { mtls: null, routing: {}, skipCreatingInitialPolicies: ["*", null] },
      { routing: {}, skipCreatingInitialPolicies: ["*", ""] },
    ],
    [MESH, { mtls: { backends: [{ mode: 7 }] } }, { mtls: { backends: [{ mode: 7 }] } }],
    [
      ZONE_INSIGHT,
      { health_check: { time: "2023-02-28T00:00:00.5+02:00" } },
      { healthCheck: { time: "2023-02-27T22:00:00.500Z" } },
    ],
    [
      ZONE_INSIGHT,
      { subscriptions: [{ status: { total: { responsesSent: 12, responsesAcknowledged: "18446744073709551615" } } }] },
      {
        subscriptions: [{ status: { total: { responsesSent: "12", responsesAcknowledged: "18446744073709551615" } } }],
      },
    ],
    [SECRET, { data: "aGk=\n" }, { data: "aGk=" }],
    [SECRET, { data: "" }, { data: "" }],
    [
      "kuma.mesh.v1alpha1.TrafficRoute",
      { conf: { loadBalancer: { roundRobin: {}, maglev: {} } } },
      { conf: { loadBalancer: { maglev: {} } } },
    ],
  ])("%s accepts %j", (name, json, printed) => {
    expect(value(specToJson(name, value(specFromJson(name, json))))).toEqual(printed);
  });

  it.each([
    [MESH, [], "json: cannot unmarshal array into Go value of type map[string]json.RawMessage"],
    [MESH, { mtls: { backends: {} } }, "json: cannot unmarshal object into Go value of type []json.RawMessage"],
    [MESH, { mtls: { enabledBackend: 1 } }, "json: cannot unmarshal number into Go value of type string"],
    [MESH, { mtls: { skipValidation: "true" } }, "json: cannot unmarshal string into Go value of type bool"],
    [
      MESH,
      { mtls: { backends: [{ mode: "NOPE" }] } },
      'unknown value "\\"NOPE\\"" for enum kuma.mesh.v1alpha1.CertificateAuthorityBackend.Mode',
    ],
    [
      MESH,
      { mtls: { backends: [{ conf: [1] }] } },
      "bad StructValue: json: cannot unmarshal array into Go value of type map[string]json.RawMessage",
    ],
    [
      MESH,
      { mtls: { backends: [{ dpCert: { requestTimeout: "soon" } }] } },
      'bad Duration: time: invalid duration "soon"',
    ],
    [DATAPLANE, { networking: { inbound: [{ port: "abc" }] } }, "invalid character 'a' looking for beginning of value"],
    [
      DATAPLANE,
      { networking: { inbound: [{ port: -1 }] } },
      "json: cannot unmarshal number -1 into Go value of type uint32",
    ],
    [
      DATAPLANE,
      { networking: { inbound: [{ port: 4294967296 }] } },
      "json: cannot unmarshal number 4294967296 into Go value of type uint32",
    ],
    [SECRET, { data: "a*k=" }, "illegal base64 data at input byte 1"],
    [
      ZONE_INSIGHT,
      { healthCheck: { time: "2023-02-30T00:00:00Z" } },
      'bad Timestamp: parsing time "2023-02-30T00:00:00Z" as "2006-01-02T15:04:05.999999999Z07:00"',
    ],
  ])("%s refuses %j", (name, json, error) => {
    expect(specFromJson(name, json)).toEqual({ ok: false, error });
  });

  it("whatever is accepted from JSON can be read from its bytes, nesting included", () => {
    const nested = (levels: number): object => (levels === 0 ? {} : { a: nested(levels - 1) });
    const deep = (levels: number) => ({ mtls: { backends: [{ conf: nested(levels) as Record<string, never> }] } });
    const { value: bytes } = packSpec(MESH, value(specFromJson(MESH, deep(185))));
    expect(specToJson(MESH, value(decodeSpec(descriptorOf(MESH), bytes)))).toEqual({ ok: true, value: deep(185) });
    expect(specFromJson(MESH, deep(195))).toEqual({ ok: false, error: "nested deeper than 380 messages" });
  });
});

describe("malformed specs", () => {
  it("random and damaged bytes never throw", () => {
    const encodings = goEncodings();
    fc.assert(
      fc.property(fc.constantFrom(...encodings), fc.nat(), fc.nat(255), ({ name, raw }, at, byte) => {
        const damaged = Uint8Array.from(raw);
        if (raw.byteLength > 0) damaged[at % raw.byteLength] = byte;
        const message = decodeSpec(descriptorOf(name), damaged);
        if (message.ok) packSpec(name, message.value);
        decodeSpec(descriptorOf(name), raw.subarray(0, at % (raw.byteLength + 1)));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["a nested length that leaves its message", "0a020a7f"],
    ["a number where a message belongs", "0801"],
    ["invalid UTF-8", "4202c328"],
  ])("%s is refused", (_title, bytes) => {
    expect(decodeSpec(descriptorOf(MESH), Buffer.from(bytes, "hex"))).toMatchObject({
      ok: false,
      error: expect.stringMatching(/^malformed kuma.mesh.v1alpha1.Mesh: /),
    });
  });

  it("a name outside of the registry is a programming error", () => {
    expect(() => descriptorOf("kuma.mesh.v1alpha1.Nothing")).toThrow("unknown protobuf message");
  });
});

function isEmbedding(desc: DescMessage | undefined): desc is DescMessage {
  return desc !== undefined && !desc.typeName.startsWith("google.protobuf.");
}

/** Descends along random message fields and adds one unknown field of a random wire type at the bottom. */
function withUnknownField(desc: DescMessage, choices: Iterator<number>, number: number): Uint8Array {
  const next = (): number => choices.next().value ?? 0;
  const writer = new BinaryWriter();
  const embeddings = desc.fields.filter((field) => isEmbedding(field.message));
  const field = embeddings[next() % Math.max(embeddings.length, 1)];
  if (field === undefined || !isEmbedding(field.message) || next() % 4 === 0) {
    const wireTypes = [WireType.Varint, WireType.Bit64, WireType.LengthDelimited, WireType.Bit32] as const;
    const wireType = wireTypes[next() % wireTypes.length] ?? WireType.Varint;
    writer.tag(number, wireType);
    if (wireType === WireType.Varint) writer.uint32(next());
    else if (wireType === WireType.Bit64) writer.double(next());
    else if (wireType === WireType.Bit32) writer.fixed32(next());
    else writer.string("unknown");
    return writer.finish();
  }
  const inner = withUnknownField(field.message, choices, number);
  writer.tag(field.number, WireType.LengthDelimited).fork();
  if (field.fieldKind === "map") writer.tag(1, WireType.LengthDelimited).string("key").tag(2, WireType.LengthDelimited);
  if (field.fieldKind === "map") writer.bytes(inner);
  else writer.raw(inner);
  return writer.join().finish();
}
