/**
 * `_hostnames`: names that HostnameGenerators give to a service, by zone.
 * Source: kuma v2.14.3: pkg/api-server/inspect_mesh_service.go `matchingHostnames`.
 */
import { ORIGIN_LABEL, type Resource } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { generatorSelects, type HostnameGenerator, renderUncheckedHostname, type ServiceKind } from "@isthmus/topology";
import { zoneOf } from "./zone-of.ts";

/** Paths of the services that have names, in the order in which refusals list them. */
export const NAMED_SERVICES: ReadonlyMap<string, ServiceKind> = new Map<string, ServiceKind>([
  ["meshservices", "MeshService"],
  ["meshexternalservices", "MeshExternalService"],
  ["meshmultizoneservices", "MeshMultiZoneService"],
]);

/**
 * A service has another origin in the zone it is from than elsewhere, and generators may select by it: a global, which sees all
 * zones, tries both. Generators whose template fails give no name; names that are none in DNS are shown.
 */
export function hostnamesView(
  service: Resource,
  kind: ServiceKind,
  generators: readonly HostnameGenerator[],
  mode: "global" | "zone",
): JsonObject {
  const zone = zoneOf(service);
  const origins = mode === "global" ? ["zone", "global"] : [service.labels[ORIGIN_LABEL] ?? ""];
  const hostnames = new Set<string>();
  for (const origin of origins) {
    const seen = { ...service, labels: { ...service.labels, [ORIGIN_LABEL]: origin } };
    for (const generator of generators) {
      if (!generatorSelects(generator, kind, seen.labels)) continue;
      const hostname = renderUncheckedHostname(generator, seen, zone);
      if (hostname.ok && hostname.value !== "") hostnames.add(hostname.value);
    }
  }
  const items = [...hostnames].sort().map((hostname) => ({ hostname, zones: [{ name: zone }] }));
  return { items: items.length === 0 ? null : items, total: items.length };
}
