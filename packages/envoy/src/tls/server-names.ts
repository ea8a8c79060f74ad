/**
 * Who a client accepts as instance of a service: what the service's owner wrote into `spec.identities`.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/xds/meshroute/clusters.go `Identities`.
 */
import { objectsOf, textOf } from "@isthmus/resources";
import { SERVICE_TAG, type Service, spiffeIdOfProxy, type World } from "@isthmus/topology";
import type { MeshTls } from "./tls-identities.ts";

/** Service name in the certificate of an egress of its own resource. */
const ZONE_EGRESS_SERVICE = "zone-egress";

/** SPIFFE ids, ascending; empty: nobody has said yet who its instances are. */
export function serverNamesOf(service: Service, tls: MeshTls, world: World): readonly string[] {
  const members = service.kind === "MeshMultiZoneService" ? membersOf(service, world) : [service];
  return [...new Set(members.flatMap((member) => ofMember(member, tls)))].sort();
}

/** Of a mesh's own CA the certificate names the service; of a MeshIdentity the workload, and the service while both are in use. */
function ofMember(service: Service, tls: MeshTls): readonly string[] {
  const { mesh, resource } = service;
  const written = objectsOf(resource.spec, "identities").flatMap((identity) => {
    const value = textOf(identity, "value");
    const type = textOf(identity, "type");
    if (value === "") return [];
    if (type === "ServiceTag") return [value.startsWith("spiffe://") ? value : `spiffe://${mesh}/${value}`];
    return type === "SpiffeID" && tls.trustDomains.length > 0 ? [value] : [];
  });
  return written.length > 0 ? written : ofSelector(service, tls);
}

/** Until its owner says: what the instances that it selects are called by the mesh's own CA. */
function ofSelector({ mesh, proxies }: Service, tls: MeshTls): readonly string[] {
  if (tls.kind !== "mesh" || proxies === undefined) return [];
  const name = "tags" in proxies ? proxies.tags[SERVICE_TAG] : undefined;
  return name === undefined || name === "" ? [] : [`spiffe://${mesh}/${name}`];
}

function membersOf(service: Service, world: World): readonly Service[] {
  const { members, mesh } = service;
  return members === undefined ? [] : world.meshServicesWith(members).filter((member) => member.mesh === mesh);
}

/** Of a mesh's own CA: one name for all. Of a MeshIdentity: the egress listeners that can be checked. */
export function egressNames(mesh: string, tls: MeshTls, world: World): readonly string[] {
  if (tls.kind === "mesh") return [`spiffe://${mesh}/${ZONE_EGRESS_SERVICE}`];
  const ids = world.zoneProxies(mesh, "ZoneEgress").flatMap((proxy) => spiffeIdOfProxy(proxy, world) ?? []);
  return [...new Set(ids)].sort();
}
