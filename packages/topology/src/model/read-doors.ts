/** Readers of Mesh, ZoneIngress, ZoneEgress and MeshZoneAddress. They never throw: what is malformed is left out. */
import {
  enumOf,
  flagOf,
  homeZone,
  labelsOf,
  numberOf,
  objectOf,
  objectsOf,
  portOf,
  type Resource,
  textOf,
} from "@isthmus/resources";
import type { AvailableService, MeshView, ZoneAddress, ZoneEgress, ZoneIngress } from "./doors.ts";

export function readMesh(resource: Resource): MeshView {
  const { spec } = resource;
  const routing = objectOf(spec, "routing");
  return {
    resource,
    name: resource.name,
    hasMtls: textOf(objectOf(spec, "mtls"), "enabledBackend") !== "",
    mode: enumOf(objectOf(spec, "meshServices"), "mode", ["Disabled", "Everywhere", "ReachableBackends", "Exclusive"]),
    routing: {
      zoneEgress: flagOf(routing, "zoneEgress"),
      isLocalityAware: flagOf(routing, "localityAwareLoadBalancing"),
    },
  };
}

export function readZoneIngress(resource: Resource): ZoneIngress {
  const networking = objectOf(resource.spec, "networking");
  const address = textOf(networking, "advertisedAddress");
  const port = portOf(networking, "advertisedPort");
  const problems: string[] = [];
  if (address !== "" && port === undefined) {
    problems.push("networking.advertisedPort is not a number from 1 to 65535: other zones cannot reach this ingress");
  } else if (address === "") {
    problems.push("networking.advertisedAddress is not set: other zones cannot reach this ingress");
  }
  return {
    resource,
    name: resource.name,
    zone: textOf(resource.spec, "zone") || (homeZone(resource) ?? ""),
    address: textOf(networking, "address"),
    port: portOf(networking, "port") ?? 0,
    advertised: address !== "" && port !== undefined ? { address, port } : undefined,
    availableServices: readAvailableServices(resource, problems),
    problems,
  };
}

export function readZoneEgress(resource: Resource): ZoneEgress {
  const networking = objectOf(resource.spec, "networking");
  return {
    resource,
    name: resource.name,
    zone: textOf(resource.spec, "zone") || (homeZone(resource) ?? ""),
    address: textOf(networking, "address"),
    port: portOf(networking, "port") ?? 0,
  };
}

/** undefined without an address and a port: there is nothing else in it. */
export function readZoneAddress(resource: Resource): ZoneAddress | undefined {
  const address = textOf(resource.spec, "address");
  const port = portOf(resource.spec, "port");
  if (address === "" || port === undefined) return undefined;
  return { resource, mesh: resource.mesh, zone: homeZone(resource) ?? "", address, port };
}

function readAvailableServices(resource: Resource, problems: string[]): readonly AvailableService[] {
  return objectsOf(resource.spec, "availableServices").flatMap((service, index) => {
    const mesh = textOf(service, "mesh");
    const instances = numberOf(service, "instances");
    if (mesh === "" || !Number.isSafeInteger(instances) || instances < 0) {
      const what = mesh === "" ? "it has no mesh" : "instances is not a count";
      problems.push(`availableServices[${index}] is ignored: ${what}`);
      return [];
    }
    return [{ mesh, tags: labelsOf(service, "tags"), instances, isExternal: flagOf(service, "externalService") }];
  });
}
