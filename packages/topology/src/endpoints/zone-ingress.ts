/**
 * What a zone ingress forwards: services of the own zone to their local instances. It never opens the TLS that passes.
 * Source: kuma v2.14.3: pkg/xds/generator/ingress_generator.go, pkg/xds/generator/zone_proxy_listener_generator.go.
 */
import { assertNever } from "@isthmus/std";
import type { MeshView, ZoneIngress } from "../model/doors.ts";
import type { Proxy } from "../model/proxy.ts";
import type { Service, ServicePort } from "../model/service.ts";
import type { World } from "../world/world.ts";
import { noAddress } from "./candidate.ts";
import type { Candidate } from "./endpoint-set.ts";
import { type Exposure, type Exposures, joined, withoutNameConflicts } from "./exposure.ts";
import { legacyExposures, serviceNames } from "./legacy-exposures.ts";
import { legacyExternalCandidates } from "./legacy-external.ts";
import { INSTANCE_WEIGHT, legacyLocalCandidates } from "./legacy-services.ts";
import { localCandidates } from "./local-instances.ts";
import { multiZoneCandidates } from "./multi-zone-services.ts";
import { serviceExposures } from "./service-exposures.ts";
import { describeService, legacyRef, refOf } from "./service-ref.ts";
import { ingressListenerProfile, ingressResourceProfile, type ZoneProxyProfile } from "./zone-proxy-profile.ts";

/** In the order in which they get server names. */
export const FORWARDED_KINDS = ["MeshService", "MeshMultiZoneService"] as const;
const NOTHING: Exposures = { exposures: [], problems: [] };

/** A ZoneIngress resource (profile A): all meshes, and the legacy services that it lists itself. */
export function zoneIngressExposures(ingress: ZoneIngress, world: World): Exposures {
  return ofMeshes(ingressResourceProfile(world), world, (mesh) => ({
    exposures: legacyIngressExposures(ingress, mesh, world),
    problems: [],
  }));
}

/** What every ZoneIngress resource of the zone forwards to one service, whatever else it forwards. */
export function ingressServiceExposures(service: Service, world: World): Exposures {
  return ofService(service, ingressResourceProfile(world), world);
}

export function legacyIngressExposures(ingress: ZoneIngress, mesh: MeshView, world: World): readonly Exposure[] {
  return serviceNames(mesh.name, ingress.availableServices).flatMap((name) =>
    legacyExposures(mesh, name, legacyLocal(mesh, name, world), world),
  );
}

/** A listener `ZoneIngress` of a Dataplane (profile B): its mesh alone. */
export function ingressListenerExposures(proxy: Proxy, world: World): Exposures {
  return ofMeshes(ingressListenerProfile(proxy, world), world, () => ({ exposures: [], problems: [] }));
}

function ofMeshes(profile: ZoneProxyProfile, world: World, legacyOf: (mesh: MeshView) => Exposures): Exposures {
  const parts = profile.meshes.map((mesh) =>
    joined([
      legacyOf(mesh),
      ...FORWARDED_KINDS.flatMap((kind) =>
        world.services(kind, mesh.name).map((service) => ofService(service, profile, world)),
      ),
    ]),
  );
  return withoutNameConflicts(joined([{ exposures: [], problems: profile.problems }, ...parts]));
}

function ofService(service: Service, profile: ZoneProxyProfile, world: World): Exposures {
  switch (service.kind) {
    case "MeshService":
      return isExposed(service, profile, world)
        ? serviceExposures([service], profile, (each, port) => ownInstances(each, port, world), world)
        : NOTHING;
    case "MeshMultiZoneService":
      return serviceExposures(
        [service],
        profile,
        (each, port) => multiZoneCandidates(each, port, world, { isLocalOnly: true }),
        world,
      );
    case "MeshExternalService":
      return NOTHING;
    default:
      return assertNever(service.kind);
  }
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
