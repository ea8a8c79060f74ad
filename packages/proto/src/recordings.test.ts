import { Buffer } from "node:buffer";
import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { toDeterministicBinary } from "./deterministic-binary.ts";
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
} from "./gen/envoy/service/discovery/v3/discovery_pb.ts";
import { decodeSpec, descriptorOf, packSpec, specFromJson, specToJson } from "./spec-codec.ts";
import { recordedMessages } from "./testing/recorded.ts";
import { messageNameOf } from "./type-url.ts";
import { hasUnknownFields } from "./unknown-fields.ts";
import { decodeDeltaRequest, encodeDeltaRequest } from "./wire/delta-request.ts";
import { decodeDeltaResponse, encodeDeltaResponse, encodeResourceChunk } from "./wire/delta-response.ts";
import { decodeKumaResource, encodeKumaResource, kumaResourceVersion } from "./wire/kuma-resource.ts";

const messages = recordedMessages();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
function value<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string },
): T {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}
function present<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error("absent");
  return thing;
}

describe("recorded messages", () => {
  it("cover all types that occurred", () => {
    const withResources = messages.filter(
      ({ kind, raw }) => kind === "response" && value(decodeDeltaResponse(raw)).resources.length > 0,
    );
    expect(new Set(withResources.map(({ type }) => type)).size).toBe(18);
  });

  for (const [index, { kind, type, from, raw }] of messages.entries()) {
    it(`${index}: ${kind} ${type} of ${from} is reproduced byte for byte`, () => {
      if (kind === "response") expect(hex(rebuildResponse(raw))).toBe(hex(raw));
      else expect(hex(rebuildRequest(raw))).toBe(hex(sorted(raw)));
    });
  }

  it("are read by the generated decoder in the same way", () => {
    for (const { kind, raw } of messages) {
      if (kind === "response") {
        const ours = value(decodeDeltaResponse(raw));
        const generated = fromBinary(DeltaDiscoveryResponseSchema, raw);
        expect(ours).toEqual({
          typeUrl: generated.typeUrl,
          nonce: generated.nonce,
          controlPlane: generated.controlPlane?.identifier ?? "",
          systemVersionInfo: generated.systemVersionInfo,
          resources: generated.resources.map(({ name, version, resource }) => ({
            name,
            version,
            anyTypeUrl: resource?.typeUrl,
            kumaResourceBytes: resource?.value,
          })),
          removed: generated.removedResources,
          intents: generated.intents,
        });
      } else {
        const ours = value(decodeDeltaRequest(raw));
        const generated = fromBinary(DeltaDiscoveryRequestSchema, raw);
        expect(ours).toEqual({
          node: { id: generated.node?.id, metadata: generated.node?.metadata },
          typeUrl: generated.typeUrl,
          subscribe: generated.resourceNamesSubscribe,
          unsubscribe: generated.resourceNamesUnsubscribe,
          initialVersions: generated.initialResourceVersions,
          responseNonce: generated.responseNonce,
          errorDetail: generated.errorDetail && {
            code: generated.errorDetail.code,
            message: generated.errorDetail.message,
          },
          heldIds: generated.heldIds,
        });
      }
    }
  });
});

/** Everything taken apart down to the JSON of specs, and put together again. */
function rebuildResponse(raw: Uint8Array): Uint8Array {
  const response = value(decodeDeltaResponse(raw));
  const chunks = response.resources.map((resource) => {
    const { meta, spec, status } = value(decodeKumaResource(present(resource.kumaResourceBytes)));
    const { name, mesh, labels } = present(meta);
    const kumaResourceBytes = encodeKumaResource({
      name,
      mesh,
      labels,
      specTypeUrl: present(spec).typeUrl,
      specBytes: rebuildSpec(present(spec)),
      statusBytes: status?.value,
    });
    // Kuma's version is the hash of the deterministic bytes: the proof that ours are the same.
    expect(kumaResourceVersion(kumaResourceBytes)).toBe(resource.version);
    return encodeResourceChunk({ name: resource.name, version: resource.version, kumaResourceBytes });
  });
  return encodeDeltaResponse({ ...response, chunks });
}

function rebuildSpec(spec: { readonly typeUrl: string; readonly value: Uint8Array }): Uint8Array {
  if (spec.typeUrl === "") return spec.value;
  const name = messageNameOf(spec.typeUrl);
  const message = value(decodeSpec(descriptorOf(name), spec.value));
  expect(hasUnknownFields(descriptorOf(name), message)).toBe(false);
  const json = value(specToJson(name, message));
  const packed = packSpec(name, value(specFromJson(name, json)));
  expect(packed.typeUrl).toBe(spec.typeUrl);
  return packed.value;
}

function rebuildRequest(raw: Uint8Array): Uint8Array {
  const request = value(decodeDeltaRequest(raw));
  return encodeDeltaRequest({ ...request, errorMessage: request.errorDetail?.message });
}

/** Node metadata is not sorted on the wire: gRPC marshals requests without the deterministic option. */
function sorted(raw: Uint8Array): Uint8Array {
  return toDeterministicBinary(DeltaDiscoveryRequestSchema, fromBinary(DeltaDiscoveryRequestSchema, raw));
}
