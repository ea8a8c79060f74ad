/**
 * Everything that services and endpoint sets are computed from, as narrow reads. The same functions run over a snapshot
 * (explain, what-if, golden tests) and over collections that record what was read (the running zone). Lists are in a fixed
 * order whatever the order of arrival: by key, unless stated.
 */
import type { Labels, Resource } from "@isthmus/resources";
import type { MeshView, ZoneAddress, ZoneEgress, ZoneIngress } from "../model/doors.ts";
import type { Proxy } from "../model/proxy.ts";
import type { ProxyInsight } from "../model/proxy-insight.ts";
import type { ProxySelector, Service, ServiceKind } from "../model/service.ts";

/**
 * What weight a remote zone gets: `kuma`: 1 for each address of its ingresses; `isthmus`: the number of its healthy instances, as the
 * owner's status says, shared among the addresses.
 */
export type RemoteWeights = "kuma" | "isthmus";

export interface TopologySettings {
  /** Name of the own zone. */
  readonly zone: string;
  readonly remoteWeights: RemoteWeights;
  /** Part of names on Kubernetes that is left out; "" on Universal. */
  readonly systemNamespace: string;
}

/** What tells services of one name apart on every control plane. */
export interface ServiceOrigin {
  /** Display name. */
  readonly name: string;
  readonly namespace: string;
  readonly zone: string;
}

export interface World {
  readonly settings: TopologySettings;
  mesh(name: string): MeshView | undefined;
  meshes(): readonly MeshView[];
  service(kind: ServiceKind, mesh: string, name: string): Service | undefined;
  services(kind: ServiceKind, mesh: string): readonly Service[];
  /** By what its KRI says, whatever its name in the store; of several the one with the smallest key. */
  serviceByOrigin(kind: ServiceKind, mesh: string, origin: ServiceOrigin): Service | undefined;
  /** MeshServices of all meshes that carry all the labels; one without a display name counts as carrying its name. */
  meshServicesWith(labels: Labels): readonly Service[];
  proxy(mesh: string, name: string): Proxy | undefined;
  /** What the proxy's connection says; undefined before it has ever been connected. */
  insight(mesh: string, name: string): ProxyInsight | undefined;
  /** All Dataplanes of a mesh: a wide read, for reports over all clients (what-if), not for one endpoint set. */
  proxies(mesh: string): readonly Proxy[];
  /** Values of `kuma.io/service` of the inbounds of the mesh's Dataplanes, each once, ascending. */
  serviceTags(mesh: string): readonly string[];
  /** Dataplanes with an inbound that the selector of a MeshService means; one inbound carries all tags. */
  selected(mesh: string, selector: ProxySelector): readonly Proxy[];
  /** Dataplanes with an inbound of that `kuma.io/service`. */
  proxiesOfService(mesh: string, service: string): readonly Proxy[];
  /** Dataplanes with that label `kuma.io/workload`. */
  proxiesOfWorkload(mesh: string, workload: string): readonly Proxy[];
  /** Dataplanes with a listener of that kind. */
  zoneProxies(mesh: string, kind: "ZoneIngress" | "ZoneEgress"): readonly Proxy[];
  zoneIngresses(): readonly ZoneIngress[];
  zoneEgresses(): readonly ZoneEgress[];
  zoneAddresses(mesh: string): readonly ZoneAddress[];
  /** MeshIdentity, MeshTrust, policies: types with few resources, as they are. */
  all(type: string, mesh: string): readonly Resource[];
  /** Names of zones that are known to be disabled, deleted or withdrawn, with the reason. */
  zoneGate(zone: string): ZoneGate | undefined;
  /** IP address that a host name stands for (of several the lowest text, as Kuma takes it); undefined: not resolved, or not yet. */
  resolvedAddress(host: string): string | undefined;
}

/** Why nothing is sent to a zone although its resources are here. */
export interface ZoneGate {
  readonly gate: "zoneDisabled" | "withdrawn" | "zoneDown";
  readonly detail: string;
}
