/**
 * What Envoy's clusters, endpoint assignments and outbound listeners of a service are called.
 * Source: kuma v2.14.3: pkg/core/resources/apis/core/destinationname/destinationname.go, pkg/core/naming/unified-naming,
 * pkg/xds/envoy/tags/match.go, pkg/util/xds/metric_sanitizer.go.
 */
import { createHash } from "node:crypto";
import { builtinTypes, type Kri, kriText, type Labels, type TypeDescriptor } from "@isthmus/resources";
import type { MeshServicesMode } from "../model/doors.ts";
import type { Service, ServiceKind, ServicePort } from "../model/service.ts";
import { SERVICE_TAG } from "../model/tags.ts";

/** What a name is made of: a service, or what stands for one. */
export type Named = Pick<Service, "kind" | "kri">;

export const UNIFIED_NAMING_FEATURE = "feature-unified-resource-naming";

const TYPES: ReadonlyMap<string, TypeDescriptor> = new Map(
  builtinTypes.filter(({ isDestination }) => isDestination).map((type) => [type.name, type]),
);
const SPLIT_HASH_HEX_DIGITS = 16;

/** The type behind a kind of service. */
export function serviceType(kind: ServiceKind): TypeDescriptor {
  const type = TYPES.get(kind);
  if (type === undefined) throw new Error(`${kind} is no destination`);
  return type;
}

/** A port's KRI. The section is the port's name from the spec, whatever a reference to the port said. */
export function portKri(service: Named, port: Pick<ServicePort, "section">): Kri {
  return { ...service.kri, section: port.section };
}

/** `kri_msvc_default_east__backend_8080`: the unified name, and in both namings that of an outbound's route configuration. */
export function portKriText(service: Named, port: Pick<ServicePort, "section">): string {
  return kriText(serviceType(service.kind), portKri(service, port)) ?? "";
}

/** `<mesh>_<display name>_<namespace>_<zone>_<short name>_<port>`. */
export function legacyDestinationName({ kind, kri }: Named, port: Pick<ServicePort, "port">): string {
  return `${kri.mesh}_${kri.name}_${kri.namespace}_${kri.zone}_${serviceType(kind).shortName ?? ""}_${port.port}`;
}

/** Name of the cluster, the endpoint assignment and the virtual host of one port. */
export function destinationName(
  service: Named,
  port: Pick<ServicePort, "port" | "section">,
  isUnifiedNaming: boolean,
): string {
  return isUnifiedNaming ? portKriText(service, port) : legacyDestinationName(service, port);
}

/** Unified naming needs a proxy that can and a mesh without the services of old. */
export function hasUnifiedNaming(features: ReadonlySet<string>, mode: MeshServicesMode): boolean {
  return features.has(UNIFIED_NAMING_FEATURE) && mode === "Exclusive";
}

/**
 * Cluster of a legacy service: its name, and with more tags a hash of all of them behind it. undefined without the
 * service tag.
 */
export function legacyClusterName(tags: Labels, identifying: Labels = {}): string | undefined {
  const service = tags[SERVICE_TAG];
  if (service === undefined || service === "") return undefined;
  if (Object.keys(tags).length === 1 && Object.keys(identifying).length === 0) return service;
  const hash = createHash("sha256");
  for (const set of [tags, identifying]) {
    for (const key of Object.keys(set).sort()) hash.update(key).update(set[key] ?? "");
  }
  return `${service}-${hash.digest("hex").slice(0, SPLIT_HASH_HEX_DIGITS)}`;
}

/** As statistics can carry the name. Envoy's `alt_stat_name` is set only where it differs from the name. */
export function statName(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/gu, "_");
}

export function altStatName(name: string): string | undefined {
  const sanitized = statName(name);
  return sanitized === name ? undefined : sanitized;
}
