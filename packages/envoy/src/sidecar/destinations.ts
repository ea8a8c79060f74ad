/**
 * What a proxy sends to: a cluster with its endpoints for each port of a service that an outbound or a route leads to, each made
 * once. Source: kuma v2.14.3: pkg/plugins/policies/core/xds/meshroute/clusters.go.
 */
import { destinationOf } from "@isthmus/policy";
import type { Labels } from "@isthmus/resources";
import {
  type Client,
  destinationName,
  type EndpointSet,
  endpointsFor,
  hashedSni,
  kriSni,
  legacyClusterName,
  legacyServiceSni,
  type Proxy,
  refOf,
  SERVICE_TAG,
  type Service,
  type ServicePort,
  type SniTarget,
  sniChoice,
} from "@isthmus/topology";
import { edsCluster, httpOptionsFor, meshHttpOptions } from "../build/clusters.ts";
import { loadAssignment } from "../build/endpoints.ts";
import type { ClusterDraft, Draft } from "../draft/draft.ts";
import type { OutboundRole } from "../draft/role.ts";
import { egressNames, serverNamesOf } from "../tls/server-names.ts";
import type { MeshTls } from "../tls/tls-identities.ts";
import { upstreamTls } from "../tls/upstream-tls.ts";
import type { Translation } from "../translation.ts";
import { isUnified } from "./inbounds.ts";

export interface Destination {
  readonly cluster: string;
  readonly role: OutboundRole;
  readonly set: EndpointSet;
}

export class Destinations {
  readonly #proxy: Proxy;
  readonly #client: Client;
  readonly #translation: Translation;
  readonly #draft: Draft;
  readonly #made = new Map<string, Destination | undefined>();

  constructor(proxy: Proxy, client: Client, translation: Translation, draft: Draft) {
    this.#proxy = proxy;
    this.#client = client;
    this.#translation = translation;
    this.#draft = draft;
  }

  /** Undefined: there is nothing to connect with; the reason is among the problems of the draft. */
  ofService(service: Service, port: ServicePort): Destination | undefined {
    const name = destinationName(service, port, isUnified(this.#proxy, this.#translation));
    return this.#once(name, () => this.#makeService(name, service, port));
  }

  /** `tags`: with `kuma.io/service`. */
  ofTags(tags: Labels): Destination | undefined {
    const name = legacyClusterName(tags);
    return name === undefined ? undefined : this.#once(name, () => this.#makeLegacy(name, tags));
  }

  #once(name: string, make: () => Destination | undefined): Destination | undefined {
    if (this.#made.has(name)) return this.#made.get(name);
    const made = make();
    this.#made.set(name, made);
    return made;
  }

  #makeService(name: string, service: Service, port: ServicePort): Destination | undefined {
    const { world } = this.#translation;
    const role: OutboundRole = {
      kind: "outbound",
      service,
      port,
      destination: destinationOf(service.resource, port.section),
      protocol: port.protocol,
    };
    const set = endpointsFor(this.#client, refOf(service), port.port, world, { isRouted: true });
    const http = service.kind === "MeshExternalService" ? httpOptionsFor(port.protocol) : meshHttpOptions();
    const cluster: ClusterDraft = { ...edsCluster(name, role), ...(http === undefined ? {} : { http }) };
    if (!this.#secure(cluster, service, port, set)) return undefined;
    this.#add(cluster, role, set);
    return { cluster: name, role, set };
  }

  /** False: there is TLS to be used, and no way to. */
  #secure(cluster: ClusterDraft, service: Service, port: ServicePort, set: EndpointSet): boolean {
    const tls = this.#translation.identities.of(this.#proxy.mesh);
    if (tls === undefined || this.#isPlaintext(tls, service)) return true;
    const { world } = this.#translation;
    const addresses = new Set(world.zoneAddresses(service.mesh).map(({ zone }) => zone));
    const hasWorkloadIdentity = tls.kind === "workload";
    const egress = service.kind === "MeshExternalService" ? egressNames(service.mesh, tls, world) : [];
    const target = sniTarget(service, set, egress.length > 0);
    const choice = sniChoice({ kind: "sidecar", hasWorkloadIdentity }, target, addresses);
    if (choice.format === "none") return this.#leaveOut(cluster.name, choice.reason);
    const kri = choice.format === "kri" ? kriSni(service, port) : undefined;
    if (kri?.ok === false) return this.#leaveOut(cluster.name, kri.error.join("; "));
    const hashed = hashedSni(service, port, world.settings.systemNamespace);
    const servers = service.kind === "MeshExternalService" ? egress : serverNamesOf(service, tls, world);
    const context = (sni: string) => upstreamTls(tls, service.mesh, sni, servers, this.#draft);
    cluster.tls = context(kri?.ok === true ? kri.value : hashed);
    if (choice.format === "kri") {
      for (const zone of choice.hashedZones) {
        cluster.tlsMatches.push({ name: zone, match: { "kuma.io/zone": zone }, tls: context(hashed) });
      }
    }
    return true;
  }

  /** A service of this zone whose proxies do not all speak TLS yet, in a mesh that still allows plaintext. */
  #isPlaintext(tls: MeshTls, service: Service): boolean {
    if (tls.kind !== "mesh" || tls.mode !== "PERMISSIVE" || service.kind !== "MeshService" || !service.isLocal) {
      return false;
    }
    const status = service.resource.status?.tls;
    return !(typeof status === "object" && status !== null && "status" in status && status.status === "Ready");
  }

  #leaveOut(cluster: string, reason: string): false {
    this.#draft.problems.push(`${cluster} is left out: ${reason}`);
    return false;
  }

  #makeLegacy(name: string, tags: Labels): Destination | undefined {
    const { world } = this.#translation;
    const { mesh } = this.#proxy;
    const service = tags[SERVICE_TAG] ?? "";
    const { [SERVICE_TAG]: _service, ...subset } = tags;
    const ref = { kind: "legacy", mesh, name: service } as const;
    const role: OutboundRole = { kind: "legacyOutbound", ref, protocol: legacyProtocol(mesh, service, world) };
    const set = endpointsFor(this.#client, ref, 0, world, { subset, isRouted: true });
    const cluster: ClusterDraft = { ...edsCluster(name, role), http: meshHttpOptions() };
    const tls = this.#translation.identities.of(mesh);
    if (tls !== undefined) {
      cluster.tls = upstreamTls(tls, mesh, legacyServiceSni(mesh, tags), [`spiffe://${mesh}/${service}`], this.#draft);
    }
    this.#add(cluster, role, set);
    return { cluster: name, role, set };
  }

  #add(cluster: ClusterDraft, role: OutboundRole, set: EndpointSet): void {
    this.#draft.clusters.push(cluster);
    this.#draft.endpoints.push({ name: cluster.name, role, json: loadAssignment(cluster.name, set) });
  }
}

function sniTarget(service: Service, set: EndpointSet, hasEgressIdentity: boolean): SniTarget {
  switch (service.kind) {
    case "MeshService":
      return { kind: "MeshService", isLocal: service.isLocal, zone: service.zone };
    case "MeshMultiZoneService":
      return { kind: "MeshMultiZoneService", endpointZones: set.endpoints.map(({ locality }) => locality?.zone ?? "") };
    case "MeshExternalService":
      return { kind: "MeshExternalService", hasEgressIdentity };
  }
}

/** What all instances speak; `tcp` when they differ. */
function legacyProtocol(mesh: string, service: string, world: Translation["world"]): string {
  const protocols = new Set(
    world
      .proxiesOfService(mesh, service)
      .flatMap(({ inbounds }) => inbounds.filter(({ tags }) => tags[SERVICE_TAG] === service))
      .map(({ protocol }) => protocol),
  );
  const [only] = protocols;
  return protocols.size === 1 && only !== undefined ? only : "tcp";
}
