/**
 * Where a backendRef of a route sends traffic: to a port of a service resource, or to what carries some tags.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/rules/resolve/backendref.go, core/xds/meshroute/listeners.go.
 */
import { type Kri, kriOf, type Resource } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { targetQuery } from "./covers-destination.ts";
import { type DestinationPort, destinationOf } from "./destination.ts";
import type { Policy } from "./policy.ts";
import { tagsOfTargetRef } from "./subsets/subset.ts";
import type { TargetIndex } from "./target-index.ts";
import { type StringMap, type TargetRef, targetRefOf } from "./target-ref.ts";

export type Backend = ResourceBackend | LegacyBackend;

export interface ResourceBackend {
  readonly kind: "resource";
  readonly resource: Resource;
  readonly port: DestinationPort;
  /** Of the service, its section the port's name. */
  readonly kri: Kri;
  /** 0: gets no traffic. */
  readonly weight: number;
}

export interface LegacyBackend {
  readonly kind: "legacy";
  /** `kuma.io/service` and what else instances must carry. */
  readonly tags: StringMap;
  readonly weight: number;
}

/** undefined for what does not exist: the traffic goes to the other backends. `policy`: the route. */
export function backendOf(policy: Policy, ref: JsonObject, index: TargetIndex): Backend | undefined {
  const target = targetRefOf(ref);
  if (target === undefined) return undefined;
  const weight = typeof ref.weight === "number" ? ref.weight : 1;
  const number = typeof ref.port === "number" ? ref.port : 0;
  if (!namesResource(target, number)) {
    const tags = tagsOfTargetRef(target);
    return tags === undefined ? undefined : { kind: "legacy", tags: Object.fromEntries(tags), weight };
  }
  const resource = resourceNamed(policy, target, index);
  const section = target.sectionName || (number > 0 ? String(number) : "");
  const port = resource === undefined ? undefined : portNamed(resource, section);
  if (resource === undefined || port === undefined) return undefined;
  return { kind: "resource", resource, port, kri: { ...kriOf(resource), section: port.name }, weight };
}

/** Without a port, the name of a MeshService is a value of `kuma.io/service`. */
function namesResource({ kind, sectionName }: TargetRef, port: number): boolean {
  if (kind === "MeshService") return sectionName !== "" || port > 0;
  return kind === "MeshExternalService" || kind === "MeshMultiZoneService";
}

/** Of several with the labels the oldest, so that a new service takes no traffic of another. */
function resourceNamed(policy: Policy, ref: TargetRef, index: TargetIndex): Resource | undefined {
  if (ref.labels === undefined || Object.keys(ref.labels).length === 0) {
    // What older policies call `backend_demo_svc_8080` is no name of a backend.
    return index.byKri(targetQuery(policy, { ...ref, labels: undefined }).kri);
  }
  return index
    .withLabels(ref.kind, policy.resource.mesh, ref.labels)
    .reduce<Resource | undefined>((a, b) => (a === undefined || ageOf(b) < ageOf(a) ? b : a), undefined);
}

const ageOf = ({ creationTime }: Resource): number => Date.parse(creationTime) || 0;

/** By name or by number. An external service has one port, whatever is asked for. */
function portNamed(resource: Resource, section: string): DestinationPort | undefined {
  const { ports } = destinationOf(resource);
  if (resource.type === "MeshExternalService") return ports[0];
  return ports.find(({ name }) => name === section) ?? ports.find(({ port }) => String(port) === section);
}
