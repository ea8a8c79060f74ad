/**
 * Modifications of MeshProxyPatches on whole resources, in order: each sees what those before it made.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshproxypatch/plugin/v1alpha1.
 */
import { labelsOf, objectOf, objectsOf, textOf } from "@isthmus/resources";
import { assertNever, type JsonObject, ok, type Result } from "@isthmus/std";
import { type EnvoyName, passthroughName } from "@isthmus/topology";
import { placed } from "./filter-operations.ts";
import type { Modification } from "./modification.ts";
import { patchFilter, patchMessage } from "./patch-message.ts";

export interface PatchedResource {
  readonly name: string;
  /** Who made it. */
  readonly origin: string;
  readonly json: JsonObject;
}

export interface PatchedResources {
  readonly clusters: readonly PatchedResource[];
  readonly listeners: readonly PatchedResource[];
}

const TAGS_METADATA = "io.kuma.tags";
const ADDED_CLUSTER = "proxy-template-modifications";
const ADDED_LISTENER = "mesh-proxy-patch";
const MANAGER = "envoy.filters.network.http_connection_manager";

/** Users may write either name. */
const PASSTHROUGH_NAMES: readonly EnvoyName[] = (["inbound", "outbound"] as const).flatMap((direction) =>
  ([4, 6] as const).map((version) => passthroughName(direction, version)),
);

/** What a modification cannot be applied to stays as it was, and is named in `problems`. */
export function applyModifications(
  modifications: readonly Modification[],
  resources: PatchedResources,
  problems: string[],
): PatchedResources {
  return modifications.reduce((before, modification) => applyOne(modification, before, problems), resources);
}

function applyOne(modification: Modification, resources: PatchedResources, problems: string[]): PatchedResources {
  const { clusters, listeners } = resources;
  switch (modification.kind) {
    case "cluster":
      return { listeners, clusters: onResources(modification, clusters, ADDED_CLUSTER, problems) };
    case "listener":
      return { clusters, listeners: onResources(modification, listeners, ADDED_LISTENER, problems) };
    case "networkFilter":
    case "httpFilter":
    case "virtualHost":
      return { clusters, listeners: insideListeners(modification, listeners, problems) };
    default:
      return assertNever(modification.kind);
  }
}

function onResources(
  modification: Modification,
  resources: readonly PatchedResource[],
  addedOrigin: string,
  problems: string[],
): readonly PatchedResource[] {
  const { operation, match, value } = modification;
  switch (operation) {
    case "Add": {
      const name = textOf(value, "name");
      return [...resources.filter((each) => each.name !== name), { name, origin: addedOrigin, json: value }];
    }
    case "Remove":
      return resources.filter((resource) => !isMeant(resource, textOf(match, "name"), match, "tags"));
    case "Patch":
      return resources.map((resource) => {
        if (!isMeant(resource, textOf(match, "name"), match, "tags")) return resource;
        return changed(resource, patchMessage(resource.json, modification), modification, problems);
      });
    default:
      problems.push(`${modification.title}: unknown operation ${JSON.stringify(operation)}`);
      return resources;
  }
}

function insideListeners(
  modification: Modification,
  listeners: readonly PatchedResource[],
  problems: string[],
): readonly PatchedResource[] {
  const { kind, match } = modification;
  const isHost = kind === "virtualHost";
  return listeners.map((listener) => {
    const isListener = isHost
      ? isOfOrigin(listener, match)
      : isMeant(listener, textOf(match, "listenerName"), match, "listenerTags");
    if (!isListener) return listener;
    return changed(listener, inChains(listener.json, modification), modification, problems);
  });
}

function changed(
  resource: PatchedResource,
  json: Result<JsonObject, string>,
  { title }: Modification,
  problems: string[],
): PatchedResource {
  if (json.ok) return { ...resource, json: json.value };
  problems.push(`${title} cannot be applied to ${resource.name}: ${json.error}`);
  return resource;
}

function inChains(listener: JsonObject, modification: Modification): Result<JsonObject, string> {
  const chains: JsonObject[] = [];
  for (const chain of objectsOf(listener, "filterChains")) {
    const filters = filtersOf(objectsOf(chain, "filters"), modification);
    if (!filters.ok) return filters;
    chains.push({ ...chain, filters: filters.value });
  }
  return ok(chains.length === 0 ? listener : { ...listener, filterChains: chains });
}

type Filters = Result<readonly JsonObject[], string>;

function filtersOf(filters: readonly JsonObject[], modification: Modification): Filters {
  if (modification.kind === "networkFilter") return placed(filters, modification, patchFilter);
  const changedFilters: JsonObject[] = [];
  for (const filter of filters) {
    if (textOf(filter, "name") !== MANAGER) {
      changedFilters.push(filter);
      continue;
    }
    const manager = objectOf(filter, "typedConfig");
    const result =
      modification.kind === "httpFilter" ? inHttpFilters(manager, modification) : inRoutes(manager, modification);
    if (!result.ok) return result;
    changedFilters.push({ ...filter, typedConfig: result.value });
  }
  return ok(changedFilters);
}

function inHttpFilters(manager: JsonObject, modification: Modification): Result<JsonObject, string> {
  const filters = placed(objectsOf(manager, "httpFilters"), modification, patchFilter);
  return filters.ok ? ok({ ...manager, httpFilters: filters.value }) : filters;
}

function inRoutes(manager: JsonObject, modification: Modification): Result<JsonObject, string> {
  const routes = objectOf(manager, "routeConfig");
  const { match } = modification;
  const wanted = textOf(match, "routeConfigurationName");
  if (!("routeConfig" in manager) || (wanted !== "" && wanted !== textOf(routes, "name"))) return ok(manager);
  const hosts = placed(objectsOf(routes, "virtualHosts"), modification, patchMessage);
  return hosts.ok ? ok({ ...manager, routeConfig: { ...routes, virtualHosts: hosts.value } }) : hosts;
}

/** `tagsMember`: of the match. */
function isMeant(resource: PatchedResource, name: string, match: JsonObject, tagsMember: string): boolean {
  if (name !== "" && !isSameName(name, resource.name)) return false;
  const tags = labelsOf(objectOf(objectOf(resource.json, "metadata"), "filterMetadata"), TAGS_METADATA);
  const wanted = Object.entries(labelsOf(match, tagsMember));
  const hasTags = wanted.every(([tag, value]) => tags[tag] !== undefined && (value === "*" || value === tags[tag]));
  return hasTags && isOfOrigin(resource, match);
}

function isOfOrigin({ origin }: PatchedResource, match: JsonObject): boolean {
  const wanted = textOf(match, "origin");
  return wanted === "" || wanted === origin;
}

function isSameName(wanted: string, name: string): boolean {
  if (wanted === name) return true;
  return PASSTHROUGH_NAMES.some(({ legacy, unified }) => {
    const names = [legacy, unified];
    return names.includes(wanted) && names.includes(name);
  });
}
