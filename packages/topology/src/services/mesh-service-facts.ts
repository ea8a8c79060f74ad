/**
 * What a zone finds out about its own MeshServices: identities, availability, TLS readiness, counts of proxies. The facts do
 * not depend on what is stored in the status, so that writing them causes no further computation.
 * Source: kuma v2.14.3: pkg/core/resources/apis/meshservice/status/updater.go.
 */
import { type Resource, textOf, WORKLOAD_LABEL } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { jsonEquals } from "@isthmus/std";
import { HEALTHY_INSTANCES_LABEL, healthyInstancesLabel } from "../model/healthy-instances.ts";
import { matchingInbounds } from "../model/matching-inbounds.ts";
import type { Proxy } from "../model/proxy.ts";
import type { Service } from "../model/service.ts";
import { SERVICE_TAG } from "../model/tags.ts";
import type { World } from "../world/world.ts";
import { type Condition, condition, withConditions } from "./conditions.ts";
import { MALFORMED, malformed, PORTS_CONFLICT } from "./service-conditions.ts";
import {
  bestIdentity,
  type Identity,
  matchesProxy,
  readIdentity,
  spiffeIdOf,
  trustDomainOf,
} from "./spiffe-identity.ts";
import { type GeneratorSettings, isGenerated, wantedMeshService } from "./wanted-mesh-service.ts";

export interface ServiceIdentity {
  readonly type: "ServiceTag" | "SpiffeID";
  readonly value: string;
}

export interface ProxyCounts {
  readonly connected: number;
  readonly healthy: number;
  readonly total: number;
}

export interface MeshServiceFacts {
  readonly identities: readonly ServiceIdentity[];
  readonly isAvailable: boolean;
  /** `never`: there is nothing that secures the mesh. Otherwise a service that was ready once stays so. */
  readonly tls: "never" | "notReady" | "ready";
  readonly proxies: ProxyCounts;
  readonly conditions: readonly Condition[];
  /** Value of the label that tells other zones how many instances are healthy; undefined: no such label. */
  readonly healthyLabel: string | undefined;
}

/** undefined for a service that is another's, or whose mesh is not known (yet): it stays as it is. */
export function meshServiceFacts(
  world: World,
  service: Service,
  generator: GeneratorSettings,
): MeshServiceFacts | undefined {
  const mesh = world.mesh(service.mesh);
  if (service.kind !== "MeshService" || !service.isLocal || mesh === undefined) return undefined;
  const members = service.proxies === undefined ? [] : world.selected(service.mesh, service.proxies);
  const identities = world.all("MeshIdentity", service.mesh).map(readIdentity);
  const proxies = countProxies(world, service, members);
  return {
    identities: identitiesOf(members, identities, world.settings.zone),
    isAvailable: proxies.healthy > 0,
    tls: tlsOf(world, mesh.hasMtls, members, identities),
    proxies,
    conditions: [...portConflicts(world, service, generator), ...malformed(service)],
    healthyLabel: world.settings.remoteWeights === "isthmus" ? healthyInstancesLabel(proxies.healthy) : undefined,
  };
}

/** The resource as the facts want it: the same object when it is so already. */
export function withMeshServiceFacts<R extends Pick<Resource, "labels" | "spec" | "status">>(
  resource: R,
  facts: MeshServiceFacts,
): R {
  const labels = labelsWith(resource.labels, facts.healthyLabel);
  const spec = specWith(resource.spec, facts);
  const status = statusWith(resource.status ?? {}, facts);
  const isSame =
    jsonEquals(labels, resource.labels) && jsonEquals(spec, resource.spec) && jsonEquals(status, resource.status);
  return isSame ? resource : { ...resource, labels, spec, status };
}

function countProxies(world: World, service: Service, members: readonly Proxy[]): ProxyCounts {
  const connected = members.filter(({ mesh, name }) => world.insight(mesh, name)?.isOnline === true);
  const healthy = members.filter((proxy) =>
    service.ports.every((port) => matchingInbounds(proxy, port).some((inbound) => inbound.isHealthy)),
  );
  return { connected: connected.length, healthy: healthy.length, total: members.length };
}

/** Tags of all inbounds, as they are what the certificate of a proxy holds; not only of the matching one. */
function identitiesOf(
  members: readonly Proxy[],
  identities: readonly Identity[],
  zone: string,
): readonly ServiceIdentity[] {
  const tags = new Set<string>();
  const spiffeIds = new Set<string>();
  for (const proxy of members) {
    for (const tag of certificateTags(proxy)) tags.add(tag);
    for (const identity of identities) {
      if (identity.readiness === "none" || !matchesProxy(identity, proxy)) continue;
      const id = spiffeIdOf(identity, proxy, zone);
      if (id !== undefined) spiffeIds.add(id);
    }
  }
  return [
    ...[...tags].sort().map((value) => ({ type: "ServiceTag" as const, value })),
    ...[...spiffeIds].sort().map((value) => ({ type: "SpiffeID" as const, value })),
  ];
}

function certificateTags({ inbounds, gateway, labels }: Proxy): readonly string[] {
  const tagSets = [...inbounds.map(({ tags }) => tags), gateway?.tags ?? {}];
  const tags = tagSets.flatMap((set) => set[SERVICE_TAG] ?? []);
  const workload = labels[WORKLOAD_LABEL];
  return tags.length > 0 || !workload ? tags : [workload];
}

function tlsOf(
  world: World,
  hasMtls: boolean,
  members: readonly Proxy[],
  identities: readonly Identity[],
): MeshServiceFacts["tls"] {
  if (!hasMtls && identities.length === 0) return "never";
  if (hasMtls) {
    const isReady = members.every(({ mesh, name }) => world.insight(mesh, name)?.hasCertificate === true);
    return isReady ? "ready" : "notReady";
  }
  const trusted = trustDomainsOf(world, members[0]?.mesh);
  return members.every((proxy) => isTrusted(proxy, identities, trusted, world.settings.zone)) ? "ready" : "notReady";
}

function isTrusted(proxy: Proxy, identities: readonly Identity[], trusted: ReadonlySet<string>, zone: string): boolean {
  const identity = bestIdentity(identities, proxy);
  if (identity?.readiness !== "ready") return false;
  if (identity.isSpire) return true;
  const trustDomain = trustDomainOf(identity, proxy, zone);
  return trustDomain !== undefined && trusted.has(trustDomain);
}

function trustDomainsOf(world: World, mesh: string | undefined): ReadonlySet<string> {
  if (mesh === undefined) return new Set();
  return new Set(world.all("MeshTrust", mesh).map(({ spec }) => textOf(spec, "trustDomain")));
}

function portConflicts(world: World, service: Service, generator: GeneratorSettings): readonly Condition[] {
  if (!isGenerated(service)) return [];
  const conflicting = wantedMeshService(world, service.mesh, service.name, generator)?.conflicting ?? [];
  if (conflicting.length === 0) return [];
  const message = `Ports differ from those of the service: Dataplane(s) ${conflicting.join(", ")}`;
  return [condition(PORTS_CONFLICT, "True", "DataplanesDiffer", message)];
}

function labelsWith(labels: Resource["labels"], healthy: string | undefined): Resource["labels"] {
  const { [HEALTHY_INSTANCES_LABEL]: _, ...others } = labels;
  return healthy === undefined ? others : { ...others, [HEALTHY_INSTANCES_LABEL]: healthy };
}

/**
 * Members in the order in which Kuma prints them. Without instances the identities stay: clients must not begin to accept others while
 * they wait for the next one.
 */
function specWith(spec: JsonObject, { isAvailable, identities, proxies }: MeshServiceFacts): JsonObject {
  const { state: _state, identities: before, ...rest } = spec;
  const written =
    proxies.total === 0 && Array.isArray(before) ? before : identities.map(({ type, value }) => ({ type, value }));
  return {
    state: isAvailable ? "Available" : "Unavailable",
    ...rest,
    ...(written.length === 0 ? {} : { identities: written }),
  };
}

function statusWith(status: JsonObject, { tls, proxies, conditions }: MeshServiceFacts): JsonObject {
  const { tls: before, dataplaneProxies: _, ...rest } = status;
  const wasReady = typeof before === "object" && before !== null && "status" in before && before.status === "Ready";
  // A new instance starts with mTLS, and has its certificate a moment later: that must not take the service back.
  const isReady = tls === "ready" || (tls === "notReady" && wasReady);
  const { addresses, vips, hostnameGenerators, ...others } = rest;
  const written: JsonObject = {
    ...(addresses === undefined ? {} : { addresses }),
    ...(vips === undefined ? {} : { vips }),
    tls: { status: isReady ? "Ready" : "NotReady" },
    ...(hostnameGenerators === undefined ? {} : { hostnameGenerators }),
    dataplaneProxies: nonZero(proxies),
    ...others,
  };
  return withConditions(written, conditions, [PORTS_CONFLICT, MALFORMED]);
}

function nonZero(counts: ProxyCounts): JsonObject {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}
