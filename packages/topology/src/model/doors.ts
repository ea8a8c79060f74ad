/** Where traffic enters and leaves a zone, and what identifies the ends. */
import type { Labels, Resource } from "@isthmus/resources";

/** A ZoneIngress resource (profile A). */
export interface ZoneIngress {
  readonly resource: Resource;
  readonly name: string;
  /** Its home; "" counts as the own zone. */
  readonly zone: string;
  readonly address: string;
  readonly port: number;
  /** Both advertised address and port are set: others can reach it. */
  readonly advertised: { readonly address: string; readonly port: number } | undefined;
  readonly availableServices: readonly AvailableService[];
  /** What of the resource is malformed and left out of the view. */
  readonly problems: readonly string[];
}

export interface AvailableService {
  readonly mesh: string;
  readonly tags: Labels;
  readonly instances: number;
  readonly isExternal: boolean;
}

/** A ZoneEgress resource (profile A). */
export interface ZoneEgress {
  readonly resource: Resource;
  readonly name: string;
  readonly zone: string;
  readonly address: string;
  readonly port: number;
}

/** A MeshZoneAddress (profile B). */
export interface ZoneAddress {
  readonly resource: Resource;
  readonly mesh: string;
  readonly zone: string;
  readonly address: string;
  readonly port: number;
}

export type MeshServicesMode = "Disabled" | "Everywhere" | "ReachableBackends" | "Exclusive";

export interface MeshView {
  readonly resource: Resource;
  readonly name: string;
  readonly hasMtls: boolean;
  readonly mode: MeshServicesMode;
  readonly routing: { readonly zoneEgress: boolean; readonly isLocalityAware: boolean };
}
