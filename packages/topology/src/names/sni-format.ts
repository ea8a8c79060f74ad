/**
 * Which form of server name is used by whom: an ingress or egress of its own resource knows hashes and tags, one that is
 * a listener of a Dataplane knows KRIs, and a sidecar has to say what the door in front of it understands.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/xds/meshroute/clusters.go, pkg/xds/generator/zoneproxy/destinations.go.
 */
import { assertNever } from "@isthmus/std";

/** Who needs the name. */
export type SniSide =
  /** ZoneIngress or ZoneEgress resource. */
  | { readonly kind: "zoneProxy" }
  /** Listener `ZoneIngress` or `ZoneEgress` of a Dataplane. */
  | { readonly kind: "zoneListener" }
  /** With an identity from a MeshIdentity, else one of the mesh's own mTLS. */
  | { readonly kind: "sidecar"; readonly hasWorkloadIdentity: boolean };

/** What is meant. Zones are "" where there is none. */
export type SniTarget =
  | { readonly kind: "legacy" }
  | { readonly kind: "MeshService"; readonly isLocal: boolean; readonly zone: string }
  | { readonly kind: "MeshMultiZoneService"; readonly endpointZones: Iterable<string> }
  /** Whether listeners for egress have identities that a client can check. */
  | { readonly kind: "MeshExternalService"; readonly hasEgressIdentity: boolean };

export type SniChoice =
  | { readonly format: "tags" }
  | { readonly format: "hashed" }
  /** `hashedZones`: for endpoints of these zones the hashed name instead; one transport socket match each, in order. */
  | { readonly format: "kri"; readonly hashedZones: readonly string[] }
  /** Nothing to connect with: the cluster is left out. */
  | { readonly format: "none"; readonly reason: string };

const TAGS: SniChoice = { format: "tags" };
const HASHED: SniChoice = { format: "hashed" };
const KRI: SniChoice = { format: "kri", hashedZones: [] };

/** `zonesWithAddress`: zones that have a MeshZoneAddress in the mesh. */
export function sniChoice(side: SniSide, target: SniTarget, zonesWithAddress: ReadonlySet<string>): SniChoice {
  switch (side.kind) {
    case "zoneProxy":
      return target.kind === "legacy" ? TAGS : HASHED;
    case "zoneListener":
      return target.kind === "legacy"
        ? { format: "none", reason: "a listener of a Dataplane forwards no kuma.io/service" }
        : KRI;
    case "sidecar":
      if (target.kind === "legacy") return TAGS;
      return side.hasWorkloadIdentity ? withIdentity(target, zonesWithAddress) : HASHED;
    default:
      return assertNever(side);
  }
}

function withIdentity(
  target: Exclude<SniTarget, { readonly kind: "legacy" }>,
  zonesWithAddress: ReadonlySet<string>,
): SniChoice {
  switch (target.kind) {
    case "MeshService":
      return target.isLocal || target.zone === "" || zonesWithAddress.has(target.zone) ? KRI : HASHED;
    case "MeshMultiZoneService":
      return ofZones([...new Set(target.endpointZones)], zonesWithAddress);
    case "MeshExternalService":
      return target.hasEgressIdentity
        ? KRI
        : { format: "none", reason: "no listener for egress has an identity to check" };
    default:
      return assertNever(target);
  }
}

/**
 * One cluster spans zones with both kinds of door. The own zone counts as one with hashes when it has no address; its
 * endpoints are sidecars, which do not look at the name.
 */
function ofZones(zones: readonly string[], zonesWithAddress: ReadonlySet<string>): SniChoice {
  const hashedZones = zones.filter((zone) => zone !== "" && !zonesWithAddress.has(zone)).sort();
  const isHashedOnly = hashedZones.length > 0 && hashedZones.length === zones.length;
  return isHashedOnly ? HASHED : { format: "kri", hashedZones };
}
