/** A place where traffic enters or leaves a zone, as a candidate: either usable at an address, or not, and why. */
import type { World } from "../world/world.ts";
import type { CandidateSource, Gate } from "./endpoint-set.ts";
import { isPort, lookUpAddress, socketAddress } from "./socket-address.ts";

export type Door = UsableDoor | UnusableDoor;

export interface UsableDoor {
  readonly source: CandidateSource;
  readonly zone: string;
  readonly address: string;
  readonly port: number;
  /** What leads there, for people. */
  readonly detail: string;
  readonly gate?: never;
}

export interface UnusableDoor {
  readonly source: CandidateSource;
  readonly zone: string;
  readonly gate: Gate;
  readonly detail: string;
}

/** What a door claims, before it is checked. */
export interface DoorClaim {
  readonly source: CandidateSource;
  readonly zone: string;
  readonly address: string;
  readonly port: number;
  readonly title: string;
}

/**
 * Checks claims of one zone. Of two with the same address and port the first counts: they are instances behind one load
 * balancer. That is decided per zone: Kuma 2.14.3 keeps one list over all zones, so that of two zones which share an address
 * the second loses all its traffic (pkg/xds/topology/outbound.go).
 */
export function checkDoors(claims: readonly DoorClaim[], world: World): readonly Door[] {
  const taken = new Map<string, string>();
  return claims.map(({ source, zone, address, port, title }): Door => {
    const unusable = (gate: Gate, detail: string): Door => ({ source, zone, gate, detail });
    if (!isPort(port)) return unusable("noIngressAddress", `${title} has port ${port}`);
    const found = lookUpAddress(address, world);
    if (!found.isUsable) return unusable("unresolvedAddress", `${title}: ${found.detail}`);
    const at = socketAddress(found.address, port);
    const first = taken.get(at);
    if (first !== undefined) return unusable("duplicateAddress", `${title} has the address ${at} of ${first}`);
    taken.set(at, title);
    const origin = found.resolvedFrom === undefined ? "" : ` (${found.resolvedFrom})`;
    return { source, zone, address: found.address, port, detail: `through ${title} at ${at}${origin}` };
  });
}

export function isUsable(door: Door): door is UsableDoor {
  return door.gate === undefined;
}
