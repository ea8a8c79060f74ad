/**
 * `_layout`: what a Dataplane listens on and what it reaches, by the names that Envoy shows.
 * Source: kuma v2.14.3: pkg/api-server/dataplane_layout_endpoint.go.
 */
import {
  kriOf,
  kriText,
  objectOf,
  objectsOf,
  type Resource,
  sectionName,
  type TypeDescriptor,
  textOf,
} from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import {
  inboundListenerName,
  PROTOCOL_TAG,
  reachablePorts,
  readProxy,
  spiffeIdOfProxy,
  type World,
  zoneListenerName,
} from "@isthmus/topology";

export interface LayoutQuestion {
  readonly dataplane: Resource;
  readonly descriptor: TypeDescriptor;
  readonly world: World;
}

export function layoutView({ dataplane, descriptor, world }: LayoutQuestion): JsonObject {
  const proxy = readProxy(dataplane);
  const networking = objectOf(dataplane.spec, "networking");
  const kri = (section: string): string => kriText(descriptor, { ...kriOf(dataplane), section }) ?? "";
  const spiffeId = spiffeIdOfProxy(proxy, world);
  return {
    inbounds: objectsOf(networking, "inbound").map((inbound) => {
      const section = sectionName(inbound);
      return {
        kri: kri(section),
        port: inbound.port ?? 0,
        protocol: textOf(inbound, "protocol") || textOf(objectOf(inbound, "tags"), PROTOCOL_TAG),
        proxyResourceName: inboundListenerName("", 0, section).unified,
      };
    }),
    kri: kri(""),
    labels: { ...dataplane.labels },
    listeners: proxy.listeners.map(({ kind, port, section }) => ({
      kri: kri(section),
      port,
      proxyResourceName: zoneListenerName(kind, section),
      type: kind,
    })),
    outbounds: reachablePorts(proxy, world).map(({ kri: text, port }) => ({
      kri: text,
      port: port.port,
      protocol: port.protocol,
      proxyResourceName: text,
    })),
    ...(spiffeId === undefined ? {} : { spiffeId }),
  };
}
