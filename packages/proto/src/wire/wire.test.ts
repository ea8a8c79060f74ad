import { Buffer } from "node:buffer";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
} from "../gen/envoy/service/discovery/v3/discovery_pb.ts";
import { KumaResourceSchema } from "../gen/kuma/mesh/v1alpha1/kds_pb.ts";
import { recordedMessages } from "../testing/recorded.ts";
import { decodeDeltaRequest, encodeDeltaRequest } from "./delta-request.ts";
import { decodeDeltaResponse, encodeDeltaResponse, encodeResourceChunk } from "./delta-response.ts";
import { decodeKumaResource, encodeKumaResource, kumaResourceVersion } from "./kuma-resource.ts";
import { compareUtf8 } from "./wire-writer.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const ascii = (text: string): string => hex(bytesOf(text));
const packed = (spaced: string): string => spaced.replaceAll(/\s/g, "");

const meshTimeout = encodeKumaResource({
  name: "to-60s-dxfbxfvvcbdwzxxz",
  mesh: "default",
  labels: { "kuma.io/origin": "global", "kuma.io/mesh": "default", "kuma.io/display-name": "to-60s" },
  specTypeUrl: "",
  specBytes: bytesOf(
    '{"targetRef":{"kind":"Mesh"},"to":[{"targetRef":{"kind":"Mesh"},"default":{"idleTimeout":"1m0s"}}]}',
  ),
});

describe("known byte sequences", () => {
  it("first request", () => {
    const bytes = encodeDeltaRequest({
      node: {
        id: "zone-1",
        metadata: {
          version: { kumaCp: { version: "2.14.3", gitTag: "v2.14.3", gitCommit: "abcdef", buildDate: "2026-08-10" } },
          features: [
            "zone-token",
            "hash-suffix",
            "hg-mz-selector",
            "producer-policy-flow",
            "optional-top-level-target-ref",
          ],
          "control-plane-id": "zone-1-cp-ab12",
          config: '{"store":{"type":"memory"}}',
        },
      },
      typeUrl: "Mesh",
      subscribe: ["*"],
    });
    expect(bytes.byteLength).toBe(343);
    expect(hex(bytes)).toMatch(
      new RegExp(`^0acb020a06${ascii("zone-1")}1ac002.*1204${ascii("Mesh")}1a01${ascii("*")}$`),
    );
    expect(hex(bytes)).toContain(packed(`12 1d 1a 1b ${ascii('{"store":{"type":"memory"}}')}`));
    expect(hex(bytes)).toContain(packed(`0a08${ascii("features")} 12 6a 32 68`));
    expect(hex(bytes)).toContain(packed(`0a07${ascii("version")} 12 6c 2a 6a`));
  });

  it("ACK", () => {
    const bytes = encodeDeltaRequest({ node: { id: "zone-1" }, typeUrl: "Mesh", responseNonce: "1" });
    expect(hex(bytes)).toBe(packed("0a 08 0a 06 7a6f6e652d31 12 04 4d657368 32 01 31"));
  });

  it("NACK", () => {
    const bytes = encodeDeltaRequest({
      node: { id: "zone-1" },
      typeUrl: "MeshTimeout",
      subscribe: ["*"],
      responseNonce: "2",
      errorMessage: "spec.to: bad",
    });
    expect(hex(bytes)).toBe(
      packed(
        "0a 08 0a 06 7a6f6e652d31 12 0b 4d65736854696d656f7574 1a 01 2a 32 01 32 3a 0e 12 0c 737065632e746f3a20626164",
      ),
    );
  });

  it("empty response", () => {
    const bytes = encodeDeltaResponse({ typeUrl: "MeshService", nonce: "3", controlPlane: "global", chunks: [] });
    expect(hex(bytes)).toBe(packed("22 0b 4d65736853657276696365 2a 01 33 3a 08 0a 06 676c6f62616c"));
  });

  it("protobuf resource with an empty spec", () => {
    const resource = encodeKumaResource({
      name: "default",
      mesh: "",
      labels: { "kuma.io/origin": "global" },
      specTypeUrl: "type.googleapis.com/kuma.mesh.v1alpha1.Mesh",
      specBytes: new Uint8Array(0),
    });
    expect(hex(resource)).toBe(
      packed(`0a 23 0a 07 64 65 66 61 75 6c 74 32 18 0a 0e 6b 75 6d 61 2e 69 6f 2f 6f 72 69 67 69 6e 12 06 67 6c 6f 62 61 6c
        12 2d 0a 2b ${ascii("type.googleapis.com/kuma.mesh.v1alpha1.Mesh")}`),
    );
    const version = kumaResourceVersion(resource);
    expect(version).toBe("ee3ed1993ca3721e6609c0fb78bb711a00f96c808af6675986293d420dc0d6d1");

    const chunk = encodeResourceChunk({ name: "default.", version, kumaResourceBytes: resource });
    const response = encodeDeltaResponse({ typeUrl: "Mesh", nonce: "1", controlPlane: "global", chunks: [chunk] });
    expect(response.byteLength).toBe(240);
    expect(hex(response)).toBe(
      packed(`12 da01 0a 40 ${ascii(version)} 12 8b01 0a 33 ${ascii("type.googleapis.com/kuma.mesh.v1alpha1.KumaResource")}
        12 54 ${hex(resource)} 1a 08 ${ascii("default.")} 22 04 ${ascii("Mesh")} 2a 01 31 3a 08 0a 06 ${ascii("global")}`),
    );
  });

  it("protobuf resource with a value", () => {
    const resource = encodeKumaResource({
      name: "kuma-cluster-id",
      mesh: "",
      labels: { "kuma.io/origin": "global" },
      specTypeUrl: "type.googleapis.com/kuma.system.v1alpha1.Config",
      specBytes: Buffer.from(`0a24${ascii("11111111-2222-3333-4444-555555555555")}`, "hex"),
    });
    expect(resource.byteLength).toBe(136);
    expect(kumaResourceVersion(resource)).toBe("3736dd7b88a1b45a65538418e04091a300f5295a3cf63eac1bb9b39a418ac50b");
  });

  it("JSON resource", () => {
    expect(meshTimeout.byteLength).toBe(222);
    expect(hex(meshTimeout).slice(0, 4)).toBe("0a75");
    expect(hex(meshTimeout)).toContain("12651263");
    expect(kumaResourceVersion(meshTimeout)).toBe("6df8f04fd12a6af4bcf4185575757ee86c5ef3b65960d4106e09878248ad4e2a");
  });

  it("removal", () => {
    const name = "to-60s-dxfbxfvvcbdwzxxz.default";
    const bytes = encodeDeltaResponse({
      typeUrl: "MeshTimeout",
      nonce: "9",
      controlPlane: "global",
      chunks: [],
      removed: [name],
    });
    expect(hex(bytes)).toBe(
      packed(`22 0b ${ascii("MeshTimeout")} 2a 01 39 32 1f ${ascii(name)} 3a 08 0a 06 ${ascii("global")}`),
    );
  });
});

describe("absent parts", () => {
  it("a request without node", () => {
    expect(decodeDeltaRequest(encodeDeltaRequest({ typeUrl: "Mesh" }))).toMatchObject({
      ok: true,
      value: { node: undefined, typeUrl: "Mesh" },
    });
  });

  it("a node without metadata is not a node with empty metadata", () => {
    const without = decodeDeltaRequest(encodeDeltaRequest({ node: { id: "z" }, typeUrl: "Mesh" }));
    const empty = decodeDeltaRequest(encodeDeltaRequest({ node: { id: "z", metadata: {} }, typeUrl: "Mesh" }));
    expect(without).toMatchObject({ value: { node: { id: "z", metadata: undefined } } });
    expect(empty).toMatchObject({ value: { node: { id: "z", metadata: {} } } });
  });

  it("a KumaResource without meta, spec and status", () => {
    expect(decodeKumaResource(new Uint8Array(0))).toEqual({
      ok: true,
      value: { meta: undefined, spec: undefined, status: undefined },
    });
  });

  it("an empty status is present", () => {
    const bytes = encodeKumaResource({ ...emptyInput, statusBytes: new Uint8Array(0) });
    expect(decodeKumaResource(bytes)).toMatchObject({ value: { status: { typeUrl: "" } } });
    expect(decodeKumaResource(encodeKumaResource(emptyInput))).toMatchObject({ value: { status: undefined } });
  });

  it("a resource without content", () => {
    const response = decodeDeltaResponse(Buffer.from("12051a03612e62", "hex"));
    expect(response).toMatchObject({
      value: { resources: [{ name: "a.b", version: "", anyTypeUrl: undefined, kumaResourceBytes: undefined }] },
    });
  });
});

describe("extension field", () => {
  it("travels in both directions and is what the description says", () => {
    const response = encodeDeltaResponse({
      typeUrl: "T",
      nonce: "1",
      controlPlane: "g",
      chunks: [],
      intents: ["a", "b"],
    });
    expect(decodeDeltaResponse(response)).toMatchObject({ value: { intents: ["a", "b"] } });
    expect(fromBinary(DeltaDiscoveryResponseSchema, response).intents).toEqual(["a", "b"]);
    const request = encodeDeltaRequest({ typeUrl: "T", heldIds: ["", "c"] });
    expect(decodeDeltaRequest(request)).toMatchObject({ value: { heldIds: ["", "c"] } });
    expect(fromBinary(DeltaDiscoveryRequestSchema, request).heldIds).toEqual(["", "c"]);
  });
});

describe("hand-written and generated codecs agree", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 12 });
  const labels = fc
    .dictionary(fc.oneof(text, fc.constantFrom("10", "9", "\u{1F600}", "\uFF5E")), text, { noNullPrototype: true })
    .map(({ ["__proto__"]: _dropped, ...rest }) => rest);
  const bytes = fc.uint8Array({ maxLength: 300 });

  it("KumaResource", () => {
    fc.assert(
      fc.property(text, text, labels, text, bytes, fc.option(bytes, { nil: undefined }), (...parts) => {
        const [name, mesh, labels, specTypeUrl, specBytes, statusBytes] = parts;
        const encoded = encodeKumaResource({ name, mesh, labels, specTypeUrl, specBytes, statusBytes });
        const generated = fromBinary(KumaResourceSchema, encoded);
        expect(generated).toEqual(
          create(KumaResourceSchema, {
            meta: { name, mesh, labels },
            spec: { typeUrl: specTypeUrl, value: specBytes },
            ...(statusBytes && { status: { value: statusBytes } }),
          }),
        );
        const decoded = decodeKumaResource(toBinary(KumaResourceSchema, generated));
        expect(decoded).toEqual({
          ok: true,
          value: {
            meta: { name, mesh, version: "", labels },
            spec: { typeUrl: specTypeUrl, value: specBytes },
            status: statusBytes && { typeUrl: "", value: statusBytes },
          },
        });
      }),
    );
  });

  it("labels are sorted by their UTF-8 bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 4 })), (keys) => {
        const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(keys.sort(compareUtf8)).toEqual(byBytes);
      }),
    );
  });

  it("fields of a newer peer are skipped, whatever their wire type", () => {
    const added = "d83e01 d93e0102030405060708 da3e0361626 3 db3e0801dc3e dd3e01020304";
    const bytes = Buffer.concat([Buffer.from(packed(added), "hex"), meshTimeout, Buffer.from(packed(added), "hex")]);
    expect(decodeKumaResource(bytes)).toEqual(decodeKumaResource(meshTimeout));
  });

  it("a repeated part is merged", () => {
    const twice = Buffer.concat([meshTimeout, Buffer.from("0a0512036f7468", "hex")]);
    expect(decodeKumaResource(twice)).toMatchObject({
      value: { meta: { name: "to-60s-dxfbxfvvcbdwzxxz", mesh: "oth", labels: { "kuma.io/mesh": "default" } } },
    });
    expect(fromBinary(KumaResourceSchema, twice).meta?.mesh).toBe("oth");
  });
});

describe("hostile bytes", () => {
  const decoders = [decodeDeltaResponse, decodeDeltaRequest, decodeKumaResource];

  it("random bytes never throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        for (const decode of decoders) expect(typeof decode(bytes).ok).toBe("boolean");
      }),
    );
  });

  it("damaged real messages never throw, cut ones are refused or end at a field border", () => {
    const messages = recordedMessages().filter(({ raw }) => raw.byteLength < 2000);
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.nat(), fc.integer({ min: 0, max: 255 }), ({ raw }, at, byte) => {
        const damaged = Uint8Array.from(raw);
        damaged[at % raw.byteLength] = byte;
        for (const decode of decoders) {
          decode(damaged);
          decode(raw.subarray(0, at % raw.byteLength));
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["a length beyond the message", "12ff01"],
    ["a nested length beyond its message", "1204 0a0a 6162"],
    ["a truncated varint", "128080"],
    ["a varint of more than ten bytes", "08ffffffffffffffffffff01"],
    ["field number zero", "0201"],
    ["an invalid wire type", "0f"],
    ["a string that is not UTF-8", "2202c328"],
    ["an unterminated group", "db3e0801"],
    ["an end of group without start", "dc3e"],
    ["groups nested beyond reason", "db3e".repeat(40)],
  ])("%s is refused", (_title, bytes) => {
    const result = decodeDeltaResponse(Buffer.from(packed(bytes), "hex"));
    expect(result.ok).toBe(false);
    expect(!result.ok && result.error).toMatch(/^malformed DeltaDiscoveryResponse: /);
  });

  it("a label named __proto__ changes nothing", () => {
    const entry = Buffer.from(`0a09${ascii("__proto__")}1201${ascii("x")}`, "hex");
    const meta = Buffer.concat([Buffer.from([0x32, entry.byteLength]), entry]);
    const decoded = decodeKumaResource(Buffer.concat([Buffer.from([0x0a, meta.byteLength]), meta]));
    expect(decoded.ok && Object.keys(decoded.value.meta?.labels ?? { x: "" })).toEqual([]);
  });
});

const emptyInput = { name: "n", mesh: "m", labels: {}, specTypeUrl: "", specBytes: bytesOf("{}") };
