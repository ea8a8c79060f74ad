/**
 * What a zone ingress forwards: services of the own zone to their local instances. It never opens the TLS that passes.
 * Source: kuma v2.14.3: pkg/xds/generator/ingress_generator.go, pkg/xds/generator/zone_proxy_listener_generator.go.
 */
import type { MeshView, ZoneIngress } from "../model/doors.ts";
import type { Proxy } from "../model/proxy.ts";
import type { Service, ServicePort } from "../model/service.ts";
import type { World } from "../world/world.ts";
import { noAddress } from "./candidate.ts";
import type { Candidate } from "./endpoint-set.ts";
import { type Exposures, joined, withoutNameConflicts } from "./exposure.ts";
import { legacyExposures, serviceNames } from "./legacy-exposures.ts";
import { legacyExternalCandidates } from "./legacy-external.ts";
import { INSTANCE_WEIGHT, legacyLocalCandidates } from "./legacy-services.ts";
import { localCandidates } from "./local-instances.ts";
import { multiZoneCandidates } from "./multi-zone-services.ts";
import { serviceExposures } from "./service-exposures.ts";
import { describeService, legacyRef, refOf } from "./service-ref.ts";
import { ingressListenerProfile, ingressResourceProfile, type ZoneProxyProfile } from "./zone-proxy-profile.ts";

/** A ZoneIngress resource (profile A): all meshes, and the legacy services that it lists itself. */
export function zoneIngressExposures(ingress: ZoneIngress, world: World): Exposures {
  const profile = ingressResourceProfile(world);
  return ofMeshes(profile, world, (mesh) => ({
    exposures: serviceNames(mesh.name, ingress.availableServices).flatMap((name) =>
      legacyExposures(mesh, name, legacyLocal(mesh, name, world), world),
    ),
    problems: [],
  }));
}

/** A listener `ZoneIngress` of a Dataplane (profile B): its mesh alone. */
export function ingressListenerExposures(proxy: Proxy, world: World): Exposures {
  return ofMeshes(ingressListenerProfile(proxy, world), world, () => ({ exposures: [], problems: [] }));
}

function ofMeshes(profile: ZoneProxyProfile, world: World, legacyOf: (mesh: MeshView) => Exposures): Exposures {
  const parts = profile.meshes.map((mesh) =>
    joined([
      legacyOf(mesh),
      serviceExposures(
        world.services("MeshService", mesh.name).filter((service) => isExposed(service, profile, world)),
        profile,
        (service, port) => ownInstances(service, port, world),
        world,
      ),
      serviceExposures(
        world.services("MeshMultiZoneService", mesh.name),
        profile,
        (service, port) => multiZoneCandidates(service, port, world, { isLocalOnly: true }),
        world,
      ),
    ]),
  );
  return withoutNameConflicts(joined([{ exposures: [], problems: profile.problems }, ...parts]));
}

/** A resource goes by the zone of a service, a listener by where it was written. */
function isExposed({ zone, isLocal }: Service, { kind }: ZoneProxyProfile, { settings }: World): boolean {
  return kind === "listener" ? isLocal : zone === "" || zone === settings.zone;
}

function ownInstances(service: Service, port: ServicePort, world: World): readonly Candidate[] {
  if (service.isLocal) return localCandidates(service, port, world);
  const detail = `${describeService(service)} was made elsewhere: no Dataplane here is its instance`;
  return [noAddress(refOf(service), service.zone, service.displayName, "notHealthy", detail)];
}

/** ExternalServices are listed, and so reached from other zones, only when the mesh sends them through the egress. */
function legacyLocal(mesh: MeshView, name: string, world: World): readonly Candidate[] {
  const ref = legacyRef(mesh.name, name);
  return [
    ...legacyLocalCandidates(ref, INSTANCE_WEIGHT, mesh, world),
    ...(mesh.routing.zoneEgress ? legacyExternalCandidates(ref, mesh, world) : []),
  ];
}
