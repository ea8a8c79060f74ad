/**
 * The services of the time before MeshServices: all inbounds with one value of `kuma.io/service`, here and, as the ingresses
 * of other zones list them, elsewhere. Source: kuma v2.14.3: pkg/xds/topology/outbound.go (fillDataplaneOutbounds,
 * fillIngressOutbounds, fillExternalServicesOutboundsThroughEgress).
 */
import type { MeshView } from "../model/doors.ts";
import type { ServiceRef } from "../model/service.ts";
import { SERVICE_TAG } from "../model/tags.ts";
import type { World } from "../world/world.ts";
import { noAddress } from "./candidate.ts";
import type { Candidate } from "./endpoint-set.ts";
import { legacyExternalCandidates } from "./legacy-external.ts";
import { legacyRemoteCandidates, remoteIngressAddresses } from "./legacy-remote.ts";
import { instanceCandidate, instanceSubject } from "./local-instances.ts";

export function legacyCandidates(ref: ServiceRef, mesh: MeshView, world: World): readonly Candidate[] {
  const candidates = [
    ...legacyLocalCandidates(ref, localWeight(mesh, world), mesh, world),
    ...legacyRemoteCandidates(ref, mesh, world),
    ...legacyExternalCandidates(ref, mesh, world),
  ];
  if (candidates.length > 0) return candidates;
  const detail = `no Dataplane, ingress or ExternalService in mesh ${mesh.name} offers kuma.io/service ${ref.name}`;
  return [noAddress(ref, "", ref.name, "serviceUnknown", detail)];
}

export interface LegacyWeight {
  readonly weight: number;
  readonly reason: string;
}

export const INSTANCE_WEIGHT: LegacyWeight = { weight: 1, reason: "1 for each instance" };

/** What runs in the own zone. */
export function legacyLocalCandidates(
  ref: ServiceRef,
  { weight, reason }: LegacyWeight,
  mesh: MeshView,
  world: World,
): readonly Candidate[] {
  return world.proxiesOfService(mesh.name, ref.name).flatMap((proxy) =>
    proxy.inbounds
      .filter(({ tags }) => tags[SERVICE_TAG] === ref.name)
      .map((inbound) => {
        const subject = instanceSubject(proxy, inbound, ref);
        const isFar = mesh.routing.isLocalityAware && subject.zone !== "" && subject.zone !== world.settings.zone;
        return instanceCandidate(
          {
            subject,
            proxy,
            inbound,
            weight,
            weightReason: reason,
            priority: isFar ? 1 : 0,
            priorityReason: isFar ? "of another zone, and the mesh routes by locality" : "in the own zone",
          },
          world,
        );
      }),
  );
}

/**
 * Every ingress address of a zone leads to all its instances, and Kuma gives each their full number. To keep the balance it
 * multiplies what runs here by the number of addresses, of all zones together. `isthmus` divides there instead.
 */
function localWeight(mesh: MeshView, world: World): LegacyWeight {
  if (world.settings.remoteWeights === "isthmus") return INSTANCE_WEIGHT;
  const addresses = mesh.hasMtls ? remoteIngressAddresses(world) : 0;
  return addresses === 0
    ? INSTANCE_WEIGHT
    : { weight: addresses, reason: `1 for each of ${addresses} remote ingress address${addresses === 1 ? "" : "es"}` };
}
