/** Where a type is served, by what is done there. Source: kuma v2.14.3: pkg/api-server/server.go, resource_endpoints.go. */
import type { TypeDescriptor } from "@isthmus/resources";

/** An overview is a resource together with its insight. */
export type ResourceAction = "list" | "listOverviews" | "get" | "getOverview" | "put" | "delete";

export interface ResourcePath {
  readonly method: "GET" | "PUT" | "DELETE";
  readonly url: string;
  readonly action: ResourceAction;
}

/** Paths of overviews before `_overview` came. */
const LEGACY_OVERVIEWS: ReadonlyMap<string, string> = new Map([
  ["Dataplane", "dataplanes+insights"],
  ["Zone", "zones+insights"],
  ["ZoneEgress", "zoneegressoverviews"],
  ["ZoneIngress", "zoneingresses+insights"],
]);

/** Types of a mesh are listed in their mesh and over all meshes. */
export function resourcePaths(type: TypeDescriptor): readonly ResourcePath[] {
  const inMesh = type.scope === "Mesh" ? "/meshes/:mesh" : "";
  const found: ResourcePath[] = [];
  for (const path of [type.path, type.alternativePath]) {
    if (path === undefined) continue;
    const overviews = type.overview === undefined ? [] : [(each: string) => `${each}/_overview`];
    const legacy = type.path === path ? LEGACY_OVERVIEWS.get(type.name) : undefined;
    if (legacy !== undefined) overviews.push((each) => each.replace(path, legacy));
    const item = `${inMesh}/${path}/:name`;
    for (const collection of new Set([`${inMesh}/${path}`, `/${path}`])) {
      found.push({ method: "GET", url: collection, action: "list" });
      for (const of of overviews) found.push({ method: "GET", url: of(collection), action: "listOverviews" });
    }
    found.push({ method: "GET", url: item, action: "get" });
    for (const of of overviews) found.push({ method: "GET", url: of(item), action: "getOverview" });
    found.push({ method: "PUT", url: item, action: "put" }, { method: "DELETE", url: item, action: "delete" });
  }
  return found;
}
