/** From a resource to the bytes that all peers share. */
import { encodeKumaResource, encodeResourceChunk, kumaResourceVersion } from "@isthmus/proto";
import { encodeSpec, encodeStatus, type Resource, type TypeDescriptor } from "@isthmus/resources";
import { type MappingRules, mapMeta, mapSpec, mapStatus } from "../mapping/mapper.ts";
import { wireNameOf } from "../session/received-resource.ts";
import type { EncodedResource } from "./outbox-view.ts";

/** @throws {Error} when the resource cannot be mapped or encoded. Deterministic: equal content gives equal bytes. */
export function encodeResource(descriptor: TypeDescriptor, resource: Resource, rules: MappingRules): EncodedResource {
  const meta = mapMeta(descriptor, resource, rules);
  const spec = mapSpec(descriptor, resource, rules);
  // Bytes kept for a newer peer's unknown fields belong to the unmapped spec: a mapped one must not bring them back.
  const opaqueSpec = spec === resource.spec ? resource.opaqueSpec : undefined;
  const encodedSpec = encodeSpec(descriptor, { spec, ...(opaqueSpec === undefined ? {} : { opaqueSpec }) });
  const status = mapStatus(descriptor, resource, rules);
  const kumaResourceBytes = encodeKumaResource({
    name: meta.name,
    mesh: meta.mesh,
    labels: meta.labels,
    specTypeUrl: encodedSpec.typeUrl,
    specBytes: encodedSpec.bytes,
    statusBytes: status === undefined ? undefined : encodeStatus(descriptor, { status }),
  });
  const wireName = wireNameOf(meta);
  const version = kumaResourceVersion(kumaResourceBytes);
  return { wireName, version, chunk: encodeResourceChunk({ name: wireName, version, kumaResourceBytes }) };
}
