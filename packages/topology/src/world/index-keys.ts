/**
 * What the world's reads look things up by. A selector of several labels is answered by one lookup and a filter: the
 * lookup decides what a result depends on, so it takes the label that the fewest resources share. Which one that is is
 * told from the key alone; comparing the sizes of all groups would depend on all of them.
 */
import {
  DISPLAY_NAME_LABEL,
  ENV_LABEL,
  type Labels,
  MANAGED_BY_LABEL,
  MESH_LABEL,
  NAMESPACE_LABEL,
  ORIGIN_LABEL,
  PROXY_TYPE_LABEL,
  WORKLOAD_LABEL,
  ZONE_LABEL,
} from "@isthmus/resources";
import { HEALTHY_INSTANCES_LABEL } from "../model/healthy-instances.ts";
import type { Proxy } from "../model/proxy.ts";
import type { ProxySelector, Service, ServiceKind } from "../model/service.ts";
import { PROTOCOL_TAG, SERVICE_TAG } from "../model/tags.ts";
import type { ServiceOrigin } from "./world.ts";

/** Shared by so many resources that a group of its own would be nearly all of them. */
const COMMON: ReadonlySet<string> = new Set([
  MESH_LABEL,
  ORIGIN_LABEL,
  ZONE_LABEL,
  ENV_LABEL,
  MANAGED_BY_LABEL,
  PROXY_TYPE_LABEL,
  PROTOCOL_TAG,
  NAMESPACE_LABEL,
  "k8s.kuma.io/is-headless-service",
  HEALTHY_INSTANCES_LABEL,
]);
/** Nearly the name of the thing. */
const RARE: readonly string[] = [SERVICE_TAG, DISPLAY_NAME_LABEL, WORKLOAD_LABEL];

export const serviceKey = (kind: ServiceKind, mesh: string, name: string): string => join(kind, mesh, name);
export const proxyKey = (mesh: string, name: string): string => join(mesh, name);
export const resourceKey = (type: string, mesh: string): string => join(type, mesh);

export const servicesOfMesh = (kind: ServiceKind, mesh: string): string => join("mesh", kind, mesh);
export const servicesOfOrigin = (kind: ServiceKind, mesh: string, { name, namespace, zone }: ServiceOrigin): string =>
  join("origin", kind, mesh, name, namespace, zone);
export const allMeshServices = "all";

export const proxiesOfMesh = (mesh: string): string => join("mesh", mesh);
export const proxiesOfTag = (mesh: string, tag: string, value: string): string => join("tag", mesh, tag, value);
export const proxiesOfLabel = (mesh: string, label: string, value: string): string => join("label", mesh, label, value);
export const proxiesOfListener = (mesh: string, kind: string): string => join("listener", mesh, kind);

export function serviceIndexKeys(service: Service): readonly string[] {
  const { kind, mesh, namespace, zone, displayName: name } = service;
  const keys = [servicesOfMesh(kind, mesh), servicesOfOrigin(kind, mesh, { name, namespace, zone })];
  if (kind !== "MeshService") return keys;
  keys.push(allMeshServices);
  for (const [label, value] of Object.entries(selectableLabels(service))) {
    if (!COMMON.has(label)) keys.push(join("label", label, value));
  }
  return keys;
}

/**
 * What a MeshMultiZoneService selects by. A service gets the label with its name on its way to other zones; at home one made
 * by hand has none, and would be a member everywhere but there.
 */
export function selectableLabels({ resource: { labels }, displayName }: Service): Labels {
  return Object.hasOwn(labels, DISPLAY_NAME_LABEL) ? labels : { ...labels, [DISPLAY_NAME_LABEL]: displayName };
}

/** The group that holds every MeshService with these labels, and others. */
export function meshServiceLookup(labels: Labels): string {
  const label = rarest(labels);
  return label === undefined ? allMeshServices : join("label", label, labels[label] ?? "");
}

export function proxyIndexKeys(proxy: Proxy): readonly string[] {
  const { mesh } = proxy;
  const keys = new Set([proxiesOfMesh(mesh)]);
  for (const { tags } of proxy.inbounds) {
    for (const [tag, value] of Object.entries(tags)) if (!COMMON.has(tag)) keys.add(proxiesOfTag(mesh, tag, value));
  }
  for (const [label, value] of Object.entries(proxy.labels)) {
    if (!COMMON.has(label)) keys.add(proxiesOfLabel(mesh, label, value));
  }
  for (const { kind } of proxy.listeners) keys.add(proxiesOfListener(mesh, kind));
  return [...keys];
}

/** The group that holds every Dataplane with these tags on one inbound, and others. */
export function tagLookup(mesh: string, tags: Labels): string {
  const tag = rarest(tags);
  return tag === undefined ? proxiesOfMesh(mesh) : proxiesOfTag(mesh, tag, tags[tag] ?? "");
}

export function labelLookup(mesh: string, labels: Labels): string {
  const label = rarest(labels);
  return label === undefined ? proxiesOfMesh(mesh) : proxiesOfLabel(mesh, label, labels[label] ?? "");
}

/** Whether a Dataplane is meant. Source: kuma v2.14.3: pkg/core/resources/apis/meshservice/match.go. */
export function isSelected(proxy: Proxy, { name, tags, labels }: ProxySelector): boolean {
  if (proxy.inbounds.length === 0) return false;
  if (name !== undefined) return proxy.name === name;
  // No tags at all select nothing, no labels at all everything: so does Kuma.
  if (tags !== undefined) {
    return Object.keys(tags).length > 0 && proxy.inbounds.some((inbound) => carriesAll(inbound.tags, tags));
  }
  return labels !== undefined && carriesAll(proxy.labels, labels);
}

export function carriesAll(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

function rarest(labels: Labels): string | undefined {
  return (
    RARE.find((key) => Object.hasOwn(labels, key)) ??
    Object.keys(labels)
      .filter((key) => !COMMON.has(key))
      .sort()[0]
  );
}

/** No name or label may hold a NUL. */
function join(...parts: readonly string[]): string {
  return parts.join("\u0000");
}
