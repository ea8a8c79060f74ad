/** MeshService, MeshMultiZoneService and MeshExternalService under one form: a destination with ports. */
import type { Kri, Labels, Resource } from "@isthmus/resources";

export type ServiceKind = "MeshService" | "MeshMultiZoneService" | "MeshExternalService";

/** Store key, or the value of `kuma.io/service` of the world before MeshServices. */
export type ServiceRef =
  | { readonly kind: ServiceKind; readonly mesh: string; readonly name: string }
  | { readonly kind: "legacy"; readonly mesh: string; readonly name: string };

export interface ServicePort {
  readonly port: number;
  /** Its name, else the decimal port. */
  readonly section: string;
  /** Number or inbound name that it leads to; only on a MeshService. */
  readonly target: number | string;
  readonly protocol: string;
}

/** Which Dataplanes are instances: exactly one member is defined. */
export interface ProxySelector {
  readonly tags?: Labels;
  readonly labels?: Labels;
  readonly name?: string;
}

export interface Service {
  readonly kind: ServiceKind;
  readonly resource: Resource;
  readonly mesh: string;
  /** In the store; user-visible is `displayName`. */
  readonly name: string;
  readonly displayName: string;
  readonly namespace: string;
  /** Label `kuma.io/zone`; "" when it belongs to no zone. */
  readonly zone: string;
  /** Written here: no label `kuma.io/origin`, or `zone`. */
  readonly isLocal: boolean;
  readonly kri: Kri;
  readonly ports: readonly ServicePort[];
  /** Only on a MeshService. */
  readonly proxies: ProxySelector | undefined;
  /** `spec.state`; only on a MeshService. Absent counts as Unavailable. */
  readonly isAvailable: boolean;
  /** Labels that the members of a MeshMultiZoneService carry. */
  readonly members: Labels | undefined;
  readonly vips: readonly string[];
  readonly hostnames: readonly string[];
  /** What of the resource is malformed and left out of the view. */
  readonly problems: readonly string[];
}
