/**
 * What a resource would look like on Kubernetes, for a control plane that is not on it: the metadata holds name, namespace,
 * time and mesh, and no other label.
 * Source: kuma v2.14.3: pkg/plugins/resources/k8s/mapper.go `NewInferenceMapper`, pkg/plugins/secrets/k8s/mapper.go.
 */
import type { JsonObject } from "@isthmus/std";
import { MESH_LABEL } from "./label-keys.ts";
import type { Resource } from "./resource.ts";
import { ZERO_TIME } from "./rest-codec.ts";
import type { TypeDescriptor } from "./type-descriptor.ts";

/** Namespace of a control plane, where resources of the system live. */
export const SYSTEM_NAMESPACE = "kuma-system";

const API_VERSION = "kuma.io/v1alpha1";

/** Members in the order of Kuma's structs. `namespace` is left out for types that Kubernetes keeps cluster-wide. */
export function kubernetesManifest(
  descriptor: TypeDescriptor,
  resource: Resource,
  namespace: string = SYSTEM_NAMESPACE,
): JsonObject {
  const { kubernetes } = descriptor;
  const isFlat = descriptor.format.kind === "protobuf";
  const isSecret = kubernetes.form === "secret";
  const meshed = descriptor.scope === "Mesh" && resource.mesh !== "";
  const metadata: JsonObject = {
    name: resource.name,
    ...(kubernetes.isNamespaced ? { namespace } : {}),
    ...creationTimestamp(resource.creationTime),
    ...(meshed && (isSecret || !isFlat) ? { labels: { [MESH_LABEL]: resource.mesh } } : {}),
  };
  if (isSecret) {
    const data = { value: resource.spec["data"] ?? null };
    return { kind: "Secret", apiVersion: "v1", metadata, data, type: SECRET_TYPES[descriptor.scope] };
  }
  return {
    kind: descriptor.name,
    apiVersion: API_VERSION,
    metadata,
    ...(meshed && isFlat ? { mesh: resource.mesh } : {}),
    [kubernetes.form]: resource.spec,
    ...(descriptor.emptyStatus === undefined ? {} : { status: resource.status ?? descriptor.emptyStatus }),
  };
}

const SECRET_TYPES = { Mesh: "system.kuma.io/secret", Global: "system.kuma.io/global-secret" } as const;

/** In whole seconds, as Kubernetes keeps times. */
function creationTimestamp(time: string): JsonObject {
  const date = new Date(time);
  if (time === ZERO_TIME || Number.isNaN(date.getTime())) return {};
  return { creationTimestamp: date.toISOString().replace(/\.\d+Z$/, "Z") };
}
