import type { Policy } from "./policy.ts";

/** The MeshHTTPRoute that the top-level targetRef of a policy names; of several with one display name, the first by name. */
export function routeNamed({ resource, targetRef }: Policy, routes: readonly Policy[]): Policy | undefined {
  return routes
    .filter((each) => each.displayName === targetRef.name && each.resource.mesh === resource.mesh)
    .reduce<Policy | undefined>((a, b) => (a === undefined || b.resource.name < a.resource.name ? b : a), undefined);
}
