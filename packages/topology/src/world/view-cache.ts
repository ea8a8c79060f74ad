/** Views by resource. Resources are immutable, so a view lives as long as its resource and snapshots share it. */
import type { Resource } from "@isthmus/resources";
import type { MeshView, ZoneAddress, ZoneEgress, ZoneIngress } from "../model/doors.ts";
import type { Proxy } from "../model/proxy.ts";
import { type ProxyInsight, readProxyInsight } from "../model/proxy-insight.ts";
import { readMesh, readZoneAddress, readZoneEgress, readZoneIngress } from "../model/read-doors.ts";
import { readProxy } from "../model/read-proxy.ts";
import { readService } from "../model/read-service.ts";
import type { Service } from "../model/service.ts";

export const meshView: (resource: Resource) => MeshView = remembered(readMesh);
export const proxyView: (resource: Resource) => Proxy = remembered(readProxy);
export const serviceView: (resource: Resource) => Service | undefined = remembered(readService);
export const insightView: (resource: Resource) => ProxyInsight = remembered(readProxyInsight);
export const zoneIngressView: (resource: Resource) => ZoneIngress = remembered(readZoneIngress);
export const zoneEgressView: (resource: Resource) => ZoneEgress = remembered(readZoneEgress);
export const zoneAddressView: (resource: Resource) => ZoneAddress | undefined = remembered(readZoneAddress);

function remembered<View>(read: (resource: Resource) => View): (resource: Resource) => View {
  const views = new WeakMap<Resource, { readonly view: View }>();
  return (resource) => {
    const known = views.get(resource);
    if (known !== undefined) return known.view;
    const view = read(resource);
    views.set(resource, { view });
    return view;
  };
}
