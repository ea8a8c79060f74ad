/**
 * A Dataplane as the topology sees it. Source: kuma v2.14.3: api/mesh/v1alpha1/dataplane_helpers.go.
 */
import {
  enumOf,
  flagOf,
  homeZone,
  labelsOf,
  messageOf,
  numberOf,
  objectOf,
  objectsOf,
  parseProtocol,
  portOf,
  type Resource,
  sectionName,
  textOf,
  textsOf,
} from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { Inbound, Proxy, ProxyOutbound, ReachableBackend, ZoneListener } from "./proxy.ts";
import { PROTOCOL_TAG, ZONE_TAG } from "./tags.ts";

const LOOPBACK = "127.0.0.1";

/** Never throws: what is malformed is left out and named in `problems`. */
export function readProxy(resource: Resource): Proxy {
  const problems: string[] = [];
  const networking = objectOf(resource.spec, "networking");
  const address = textOf(networking, "address");
  const transparent = objectOf(networking, "transparentProxying");
  const inbounds = readInbounds(networking, address, problems);
  const gateway = readGateway(networking);
  const zone = homeZone(resource) ?? zoneTag(inbounds) ?? gateway?.tags[ZONE_TAG] ?? "";
  const reachableServices = textsOf(transparent, "reachableServices");
  return {
    resource,
    mesh: resource.mesh,
    name: resource.name,
    labels: resource.labels,
    zone,
    address,
    inbounds,
    gateway,
    listeners: readListeners(networking, address, problems),
    outbounds: readOutbounds(networking, problems),
    isTransparent: numberOf(transparent, "redirectPortOutbound") !== 0,
    reachableServices: reachableServices.length === 0 ? undefined : reachableServices,
    reachableBackends: readReachableBackends(transparent),
    problems,
  };
}

function readInbounds(networking: JsonObject, proxyAddress: string, problems: string[]): readonly Inbound[] {
  const advertised = textOf(networking, "advertisedAddress");
  return objectsOf(networking, "inbound").flatMap((inbound, index) => {
    const port = portOf(inbound, "port");
    const own = textOf(inbound, "address") || proxyAddress;
    if (port === undefined || own === "") {
      const what = port === undefined ? "port is not a number from 1 to 65535" : "it has no address";
      problems.push(`networking.inbound[${index}] is ignored: ${what}`);
      return [];
    }
    return [readInbound(inbound, port, own, advertised || own)];
  });
}

function readInbound(inbound: JsonObject, port: number, own: string, address: string): Inbound {
  const tags = labelsOf(inbound, "tags");
  // What an enum of a newer version means is not known: no traffic is the safe reading.
  const state = enumOf(inbound, "state", ["Ready", "NotReady", "Ignored"], "NotReady");
  const health = messageOf(inbound, "health");
  const field = textOf(inbound, "protocol");
  return {
    section: sectionName(inbound),
    name: textOf(inbound, "name") || undefined,
    port,
    address,
    listenAddress: own,
    workload: {
      address: textOf(inbound, "serviceAddress") || own,
      port: portOf(inbound, "servicePort") ?? port,
    },
    tags,
    protocol: parseProtocol(field || (tags[PROTOCOL_TAG] ?? "")) ?? "tcp",
    ownProtocol: parseProtocol(field) ?? "tcp",
    state,
    isHealthy: state === "Ready" && (health === undefined || flagOf(health, "ready")),
  };
}

function readGateway(networking: JsonObject): Proxy["gateway"] {
  const gateway = messageOf(networking, "gateway");
  if (gateway === undefined) return undefined;
  return { type: enumOf(gateway, "type", ["DELEGATED", "BUILTIN"]), tags: labelsOf(gateway, "tags") };
}

function readListeners(networking: JsonObject, proxyAddress: string, problems: string[]): readonly ZoneListener[] {
  return objectsOf(networking, "listeners").flatMap((listener, index) => {
    const kind = enumOf(listener, "type", ["Unspecified", "ZoneIngress", "ZoneEgress"]);
    const port = portOf(listener, "port");
    const address = textOf(listener, "address") || proxyAddress;
    if (kind === "Unspecified" || port === undefined || address === "") {
      const what =
        kind === "Unspecified"
          ? "type is neither ZoneIngress nor ZoneEgress"
          : port === undefined
            ? "port is not a number from 1 to 65535"
            : "it has no address";
      problems.push(`networking.listeners[${index}] is ignored: ${what}`);
      return [];
    }
    const isReady = enumOf(listener, "state", ["Ready", "NotReady"], "NotReady") === "Ready";
    return [{ kind, section: sectionName(listener), address, port, isReady }];
  });
}

function readOutbounds(networking: JsonObject, problems: string[]): readonly ProxyOutbound[] {
  return objectsOf(networking, "outbound").flatMap((outbound, index) => {
    const port = portOf(outbound, "port");
    if (port === undefined) {
      problems.push(`networking.outbound[${index}] is ignored: port is not a number from 1 to 65535`);
      return [];
    }
    const ref = messageOf(outbound, "backendRef");
    return [
      {
        address: textOf(outbound, "address") || LOOPBACK,
        port,
        tags: labelsOf(outbound, "tags"),
        backendRef:
          ref === undefined
            ? undefined
            : {
                kind: textOf(ref, "kind"),
                name: textOf(ref, "name"),
                labels: labelsOf(ref, "labels"),
                port: portOf(ref, "port"),
              },
      },
    ];
  });
}

/** Present but empty means: none. */
function readReachableBackends(transparent: JsonObject): readonly ReachableBackend[] | undefined {
  const backends = messageOf(transparent, "reachableBackends");
  if (backends === undefined) return undefined;
  return objectsOf(backends, "refs").map((ref) => ({
    kind: textOf(ref, "kind"),
    name: textOf(ref, "name") || undefined,
    namespace: textOf(ref, "namespace") || undefined,
    port: portOf(ref, "port"),
    labels: labelsOf(ref, "labels"),
  }));
}

function zoneTag(inbounds: readonly Inbound[]): string | undefined {
  return inbounds.find(({ tags }) => tags[ZONE_TAG])?.tags[ZONE_TAG];
}
