/** One response with 10,000 MeshServices: hand-written codec against the generated one. Run: npx vitest bench packages/proto */
import { fromBinary } from "@bufbuild/protobuf";
import { bench, describe } from "vitest";
import { DeltaDiscoveryResponseSchema } from "../gen/envoy/service/discovery/v3/discovery_pb.ts";
import { KumaResourceSchema } from "../gen/kuma/mesh/v1alpha1/kds_pb.ts";
import { decodeDeltaResponse, encodeDeltaResponse, encodeResourceChunk } from "./delta-response.ts";
import { decodeKumaResource, encodeKumaResource, kumaResourceVersion } from "./kuma-resource.ts";

const RESOURCES = 10_000;

const spec = new TextEncoder().encode(JSON.stringify({ ports: "p".repeat(340) }));
const resource = (i: number): Uint8Array =>
  encodeKumaResource({
    name: `service-${i}-c9d954w84b8wf77z`,
    mesh: "default",
    labels: {
      "kuma.io/display-name": `service-${i}`,
      "kuma.io/env": "universal",
      "kuma.io/mesh": "default",
      "kuma.io/origin": "zone",
      "kuma.io/zone": "zone-1",
    },
    specTypeUrl: "",
    specBytes: spec,
    statusBytes: new TextEncoder().encode("{}"),
  });
const chunk = (i: number): Uint8Array => {
  const kumaResourceBytes = resource(i);
  return encodeResourceChunk({
    name: `n${i}.default`,
    version: kumaResourceVersion(kumaResourceBytes),
    kumaResourceBytes,
  });
};
const chunks = Array.from({ length: RESOURCES }, (_, i) => chunk(i));
const response = encodeDeltaResponse({ typeUrl: "MeshService", nonce: "1", controlPlane: "global", chunks });

describe(`${RESOURCES} resources, ${response.byteLength} bytes`, () => {
  bench("encode from cached chunks", () => {
    encodeDeltaResponse({ typeUrl: "MeshService", nonce: "1", controlPlane: "global", chunks });
  });
  bench("encode, hash and wrap every resource", () => {
    for (let i = 0; i < RESOURCES; i += 1) chunk(i);
  });
  bench("decode with all KumaResources", () => {
    const decoded = decodeDeltaResponse(response);
    if (!decoded.ok) throw new Error(decoded.error);
    for (const { kumaResourceBytes } of decoded.value.resources)
      decodeKumaResource(kumaResourceBytes ?? new Uint8Array(0));
  });
  bench("decode with generated code", () => {
    for (const { resource } of fromBinary(DeltaDiscoveryResponseSchema, response).resources) {
      fromBinary(KumaResourceSchema, resource?.value ?? new Uint8Array(0));
    }
  });
});
