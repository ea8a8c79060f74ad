/** MeshService, MeshMultiZoneService and MeshExternalService as one form. */
import {
  displayName,
  homeZone,
  isLocallyOriginated,
  kriOf,
  type Labels,
  labelsOf,
  messageOf,
  NAMESPACE_LABEL,
  objectOf,
  objectsOf,
  parseProtocol,
  portOf,
  type Resource,
  textOf,
} from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { ProxySelector, Service, ServiceKind, ServicePort } from "./service.ts";

export const SERVICE_KINDS: readonly ServiceKind[] = ["MeshService", "MeshMultiZoneService", "MeshExternalService"];

/** undefined for resources of other types. Never throws: what is malformed is left out and named in `problems`. */
export function readService(resource: Resource): Service | undefined {
  const kind = SERVICE_KINDS.find((one) => one === resource.type);
  if (kind === undefined) return undefined;
  const { spec } = resource;
  const status = resource.status ?? {};
  const problems: string[] = [];
  return {
    kind,
    resource,
    mesh: resource.mesh,
    name: resource.name,
    displayName: displayName(resource),
    namespace: resource.labels[NAMESPACE_LABEL] ?? "",
    zone: homeZone(resource) ?? "",
    isLocal: isLocallyOriginated("zone", resource.labels),
    kri: kriOf(resource),
    ports: kind === "MeshExternalService" ? matchedPort(spec, problems) : servicePorts(spec, problems),
    proxies: kind === "MeshService" ? selectorOf(spec) : undefined,
    isAvailable: kind === "MeshService" && spec.state === "Available",
    members: kind === "MeshMultiZoneService" ? membersOf(spec) : undefined,
    vips: addressesOf(kind, status),
    hostnames: hostnamesOf(status),
    problems,
  };
}

function servicePorts(spec: JsonObject, problems: string[]): readonly ServicePort[] {
  const seen = new Set<number>();
  return objectsOf(spec, "ports").flatMap((item, index) => {
    const port = portOf(item, "port");
    if (port === undefined || seen.has(port)) {
      const what = port === undefined ? "port is not a number from 1 to 65535" : `port ${port} is already taken`;
      problems.push(`spec.ports[${index}] is ignored: ${what}`);
      return [];
    }
    seen.add(port);
    return [
      {
        port,
        section: textOf(item, "name") || String(port),
        target: portOf(item, "targetPort") ?? (textOf(item, "targetPort") || port),
        protocol: parseProtocol(textOf(item, "appProtocol")) ?? "tcp",
      },
    ];
  });
}

function matchedPort(spec: JsonObject, problems: string[]): readonly ServicePort[] {
  const match = objectOf(spec, "match");
  const port = portOf(match, "port");
  if (port === undefined) {
    problems.push("spec.match is ignored: port is not a number from 1 to 65535");
    return [];
  }
  return [{ port, section: String(port), target: port, protocol: parseProtocol(textOf(match, "protocol")) ?? "tcp" }];
}

/** In this order when several are given. Source: kuma v2.14.3: pkg/core/resources/apis/meshservice/match.go. */
function selectorOf(spec: JsonObject): ProxySelector | undefined {
  const selector = objectOf(spec, "selector");
  const ref = messageOf(selector, "dataplaneRef");
  if (ref !== undefined) return { name: textOf(ref, "name") };
  if (messageOf(selector, "dataplaneTags") !== undefined) return { tags: labelsOf(selector, "dataplaneTags") };
  const labels = messageOf(selector, "dataplaneLabels");
  return labels === undefined ? undefined : { labels: labelsOf(labels, "matchLabels") };
}

function membersOf(spec: JsonObject): Labels {
  return labelsOf(objectOf(objectOf(spec, "selector"), "meshService"), "matchLabels");
}

function addressesOf(kind: ServiceKind, status: JsonObject): readonly string[] {
  const vips = kind === "MeshExternalService" ? [objectOf(status, "vip")] : objectsOf(status, "vips");
  return vips.map((vip) => textOf(vip, "ip")).filter((ip) => ip !== "");
}

function hostnamesOf(status: JsonObject): readonly string[] {
  const names = objectsOf(status, "addresses").map((address) => textOf(address, "hostname"));
  return [...new Set(names)].filter((name) => name !== "");
}
