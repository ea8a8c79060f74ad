/** What ingresses and egresses have in common: a filter chain for each server name, and a cluster for each port of a service. */
import {
  destinationName,
  type Exposure,
  ingressClusterName,
  type Service,
  type ServicePort,
  type World,
} from "@isthmus/topology";
import { tcpChain } from "../build/chains.ts";
import { edsCluster } from "../build/clusters.ts";
import { loadAssignment } from "../build/endpoints.ts";
import type { ChainDraft, Draft } from "../draft/draft.ts";
import type { Role } from "../draft/role.ts";

export interface ExposedPort {
  readonly service: Service;
  readonly port: ServicePort;
}

/** Undefined for a legacy service, and for one that is gone meanwhile. */
export function exposedPort({ service: ref, port }: Exposure, world: World): ExposedPort | undefined {
  if (ref.kind === "legacy") return undefined;
  const service = world.service(ref.kind, ref.mesh, ref.name);
  const found = service?.ports.find((each) => each.port === port);
  return service === undefined || found === undefined ? undefined : { service, port: found };
}

export function exposureName(exposure: Exposure, isUnifiedNaming: boolean, world: World): string {
  const exposed = exposedPort(exposure, world);
  const { mesh, name } = exposure.service;
  return exposed === undefined
    ? ingressClusterName(mesh, name)
    : destinationName(exposed.service, exposed.port, isUnifiedNaming);
}

/** TLS goes through untouched: the server name alone says where to. */
export function draftForwarding(exposure: Exposure, name: string, role: Role, draft: Draft): ChainDraft {
  if (!draft.clusters.some((cluster) => cluster.name === name)) {
    draft.clusters.push(edsCluster(name, role));
    draft.endpoints.push({ name, role, json: loadAssignment(name, exposure.set) });
  }
  const chain = forwardingChain(exposure.sni, name, role);
  const subset = Object.keys(exposure.subset).length === 0 ? undefined : exposure.subset;
  if (subset !== undefined && chain.end.kind === "tcp") {
    chain.end.proxy.metadataMatch = { filterMetadata: { "envoy.lb": { ...subset } } };
  }
  return chain;
}

export function forwardingChain(sni: string, cluster: string, role: Role): ChainDraft {
  return { ...tcpChain(role, cluster, cluster), match: { transportProtocol: "tls", serverNames: [sni] } };
}
