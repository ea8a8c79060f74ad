/**
 * Whether a `to` item is about a destination, and how closely. Kuma resolves each item to resources and keeps one rule per
 * resource and section mentioned; asked from the destination's side the answer is the same and needs no look at the mesh.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/rules/resolve/targetref.go, core/rules/outbound/resourcerules.go,
 * core/rules/rules.go (legacy services).
 */
import { DISPLAY_NAME_LABEL, type Kri, NAMESPACE_LABEL } from "@isthmus/resources";
import {
  type Destination,
  type DestinationPort,
  type LegacyDestination,
  meshKri,
  type ResourceDestination,
} from "./destination.ts";
import { SERVICE_TAG } from "./match-policy.ts";
import type { Policy } from "./policy.ts";
import type { ToEntry } from "./policy-order.ts";
import { hasLabels } from "./tag-selector.ts";
import type { StringMap, TargetRef } from "./target-ref.ts";

/** The whole mesh, the destination, or the very port. */
export type Coverage = "mesh" | "destination" | "section";

export function coverageOf({ policy, item }: ToEntry, destination: Destination): Coverage | undefined {
  if (policy.resource.mesh !== destination.mesh) return undefined;
  if (item.targetRef.kind === "Mesh") return "mesh";
  return destination.kind === "legacy"
    ? legacyCoverage(item.targetRef, destination)
    : resourceCoverage(policy, item.targetRef, destination);
}

function resourceCoverage(policy: Policy, ref: TargetRef, destination: ResourceDestination): Coverage | undefined {
  if (ref.kind !== destination.type) return undefined;
  const query = targetQuery(policy, ref);
  if (!isSelected(query, destination)) return undefined;
  if (query.port === undefined || destination.type === "MeshHTTPRoute") return "destination";
  const port = destination.ports.find(query.port);
  if (port === undefined) return undefined;
  // An external service has one port: what is said of it is said of the service.
  if (destination.type === "MeshExternalService") return "destination";
  return port.name === destination.section ? "section" : undefined;
}

/** What a targetRef looks for: all resources with some labels, or the one with an identity; and one of its ports or all. */
export interface TargetQuery {
  readonly labels?: StringMap;
  readonly kri: Kri;
  /** Absent: every port. */
  readonly port?: (port: DestinationPort) => boolean;
}

/**
 * A name is understood where the policy is from: its mesh, its zone, its namespace unless the targetRef gives one. So a
 * global policy names no MeshService of a zone (labels do), and a zone's policy no MeshMultiZoneService of the global.
 */
export function targetQuery(policy: Policy, ref: TargetRef): TargetQuery {
  const { mesh, zone, namespace } = policy.kri;
  if (ref.kind === "Mesh") return { kri: meshKri(mesh) };
  const kri = { type: ref.kind, mesh, zone, namespace: ref.namespace || namespace, name: ref.name, section: "" };
  const old = ref.kind === "MeshService" && ref.sectionName === "" ? kubernetesServiceTag(ref.name) : undefined;
  if (old !== undefined) {
    const { labels, port } = old;
    return { kri, labels, ...(port === 0 ? {} : { port: (each) => each.port === port }) };
  }
  return {
    kri,
    ...(ref.labels === undefined || Object.keys(ref.labels).length === 0 ? {} : { labels: ref.labels }),
    ...(ref.sectionName === "" ? {} : { port: ({ name }) => name === ref.sectionName }),
  };
}

function isSelected({ labels, kri }: TargetQuery, destination: ResourceDestination): boolean {
  if (labels !== undefined) return hasLabels(labels, destination.labels);
  const own = destination.kri;
  return own.name === kri.name && own.zone === kri.zone && own.namespace === kri.namespace;
}

/** Policies of the time before MeshService name `backend_demo_svc_8080`; they go on to work for the resource. */
function kubernetesServiceTag(name: string): { readonly labels: StringMap; readonly port: number } | undefined {
  const parts = name.split("_");
  const [service = "", namespace = "", , portText = "0"] = parts;
  if (parts.length !== 3 && parts.length !== 4) return undefined;
  if (!/^[+-]?\d+$/.test(portText)) return undefined;
  return { labels: { [NAMESPACE_LABEL]: namespace, [DISPLAY_NAME_LABEL]: service }, port: Number(portText) };
}

/** As sets of tags: what an item asks for must be among the tags of the destination, of which only its name is known. */
function legacyCoverage(ref: TargetRef, { service }: LegacyDestination): Coverage | undefined {
  switch (ref.kind) {
    case "MeshService":
      return ref.name === service ? "destination" : undefined;
    case "MeshSubset":
      return isSubset(ref.tags, service) ? "destination" : undefined;
    case "MeshServiceSubset":
      return ref.name === service && isSubset(ref.tags, service) ? "destination" : undefined;
    default:
      return undefined;
  }
}

const isSubset = (tags: StringMap, service: string): boolean =>
  Object.entries(tags).every(([tag, value]) => tag === SERVICE_TAG && value === service);
