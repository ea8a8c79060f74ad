/**
 * What a zone egress forwards: external services to their real addresses and, where the mesh routes through it, legacy services
 * of other zones to their ingresses. Source: kuma v2.14.3: pkg/xds/generator/egress, pkg/xds/topology/outbound.go
 * (BuildEgressEndpointMap), pkg/xds/generator/zone_proxy_listener_generator.go.
 */

import { numberOf, objectsOf, portOf, textOf } from "@isthmus/resources";
import type { MeshView } from "../model/doors.ts";
import type { Proxy } from "../model/proxy.ts";
import type { Service } from "../model/service.ts";
import { SERVICE_TAG, ZONE_TAG } from "../model/tags.ts";
import type { World } from "../world/world.ts";
import { excluded, included, noAddress } from "./candidate.ts";
import type { Candidate } from "./endpoint-set.ts";
import { type Exposure, type Exposures, joined, withoutNameConflicts } from "./exposure.ts";
import { legacyExposures, serviceNames } from "./legacy-exposures.ts";
import { direct, tagsOf } from "./legacy-external.ts";
import { legacyRemoteCandidates } from "./legacy-remote.ts";
import { serviceExposures } from "./service-exposures.ts";
import { describeService, legacyRef, refOf } from "./service-ref.ts";
import { isRemoteZone } from "./zone-doors.ts";
import { egressListenerProfile, egressResourceProfile } from "./zone-proxy-profile.ts";

/** A ZoneEgress resource (profile A): every mesh with mTLS, and what belongs to the own zone or to none. */
export function zoneEgressExposures(world: World): Exposures {
  const profile = egressResourceProfile(world);
  const parts = profile.meshes.map((mesh) =>
    joined([
      { exposures: remoteLegacy(mesh, world), problems: [] },
      { exposures: externalLegacy(mesh, world), problems: [] },
      serviceExposures(
        world
          .services("MeshExternalService", mesh.name)
          .filter(({ zone }) => !isRemoteZone(zone, world))
          .sort(byZone),
        profile,
        realAddresses,
        world,
      ),
    ]),
  );
  return withMeshTags(withoutNameConflicts(joined(parts)));
}

/** A listener `ZoneEgress` of a Dataplane (profile B): all external services of its mesh. */
export function egressListenerExposures(proxy: Proxy, world: World): Exposures {
  const profile = egressListenerProfile(proxy, world);
  const parts = profile.meshes.map((mesh) =>
    serviceExposures(world.services("MeshExternalService", mesh.name), profile, realAddresses, world),
  );
  return withoutNameConflicts(joined([{ exposures: [], problems: profile.problems }, ...parts]));
}

/**
 * The priorities of the author. On listeners Kuma 2.14.3 overwrites them with 1, since a locality without a zone is not the own
 * one (visible in its golden files); they are kept here.
 */
function realAddresses(service: Service): readonly Candidate[] {
  const ref = refOf(service);
  const endpoints = objectsOf(service.resource.spec, "endpoints");
  if (endpoints.length === 0) {
    return [
      noAddress(
        ref,
        service.zone,
        service.displayName,
        "unresolvedAddress",
        `${describeService(service)} has no endpoints`,
      ),
    ];
  }
  return endpoints.map((endpoint) => {
    const address = textOf(endpoint, "address");
    const port = portOf(endpoint, "port");
    const priority = Math.max(0, numberOf(endpoint, "priority"));
    const subject = { source: { kind: "external", address }, zone: service.zone, service: ref } as const;
    if (address === "" || port === undefined) {
      return excluded(
        subject,
        "unresolvedAddress",
        `an endpoint of ${describeService(service)} has no address and port`,
      );
    }
    return included(
      subject,
      {
        address,
        port,
        weight: 1,
        priority,
        locality: { zone: "", subZone: `priority-${priority}` },
        tags: service.resource.labels,
        labels: {},
      },
      {
        detail: `endpoint of ${describeService(service)}`,
        weightReason: "1 for each address",
        priorityReason: "priority of the endpoint",
      },
    );
  });
}

/** An egress resource tells endpoints of several meshes apart by a tag. */
function withMeshTags({ exposures, problems }: Exposures): Exposures {
  const tagged = exposures.map((exposure): Exposure => {
    const { mesh } = exposure.service;
    const candidates = exposure.set.candidates.map((candidate) =>
      candidate.endpoint === undefined
        ? candidate
        : { ...candidate, endpoint: { ...candidate.endpoint, tags: { ...candidate.endpoint.tags, mesh } } },
    );
    const endpoints = candidates.flatMap(({ endpoint }) => endpoint ?? []);
    return { ...exposure, set: { ...exposure.set, candidates, endpoints } };
  });
  return { exposures: tagged, problems };
}

function remoteLegacy(mesh: MeshView, world: World): readonly Exposure[] {
  if (!mesh.routing.zoneEgress) return [];
  const listed = world
    .zoneIngresses()
    .filter(({ zone }) => isRemoteZone(zone, world))
    .flatMap(({ availableServices }) => availableServices);
  const own = new Set(reachableExternal(mesh, world).map((resource) => tagsOf(resource)[SERVICE_TAG]));
  return serviceNames(mesh.name, listed)
    .filter((name) => !own.has(name))
    .flatMap((name) => {
      const candidates = legacyRemoteCandidates(legacyRef(mesh.name, name), mesh, world, { isDirect: true });
      return legacyExposures(mesh, name, candidates, world);
    });
}

function externalLegacy(mesh: MeshView, world: World): readonly Exposure[] {
  const byService = new Map<string, Candidate[]>();
  for (const resource of reachableExternal(mesh, world)) {
    const name = tagsOf(resource)[SERVICE_TAG] ?? "";
    if (name === "") continue;
    const list = byService.get(name) ?? [];
    if (list.length === 0) byService.set(name, list);
    list.push(direct(legacyRef(mesh.name, name), resource, mesh, world));
  }
  return [...byService].flatMap(([name, candidates]) => legacyExposures(mesh, name, candidates, world));
}

function reachableExternal(mesh: MeshView, world: World) {
  return world
    .all("ExternalService", mesh.name)
    .filter((resource) => !isRemoteZone(tagsOf(resource)[ZONE_TAG] ?? "", world));
}

/** As clients take it to be: see serverNameTaker. */
function byZone(a: Service, b: Service): number {
  if (a.zone !== b.zone) return a.zone < b.zone ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
