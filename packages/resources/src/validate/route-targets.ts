/**
 * Which targetRefs the routes of both kinds take: who sends, what is sent to, where it goes instead.
 * Source: kuma v2.14.3: pkg/plugins/policies/{meshhttproute,meshtcproute}/api/v1alpha1.
 */
import type { JsonObject } from "@isthmus/std";
import { at, type Violations } from "../violation.ts";
import { objectsAt } from "./json-access.ts";
import { checkBackendRef, type TargetRefRules, type TopTargetRefRules } from "./target-ref.ts";

export const TOP_OF_ROUTES: TopTargetRefRules = {
  system: {
    kinds: ["Mesh", "MeshGateway", "MeshSubset", "MeshService", "MeshServiceSubset", "Dataplane"],
    allowsListenerTags: true,
  },
  otherRoles: { kinds: ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset", "Dataplane"] },
};

/** All traffic through a gateway, or that to one destination. */
export const toOfRoutes = (topLevelKind: string): TargetRefRules =>
  topLevelKind === "MeshGateway"
    ? { kinds: ["Mesh"] }
    : { kinds: ["MeshService", "MeshExternalService", "MeshMultiZoneService"] };

export const BACKENDS: TargetRefRules = {
  kinds: ["MeshService", "MeshServiceSubset", "MeshExternalService", "MeshMultiZoneService"],
};

export function checkBackendRefs(conf: JsonObject, path: string, rules: TargetRefRules, found: Violations): void {
  for (const [index, ref] of objectsAt(conf, "backendRefs").entries()) {
    checkBackendRef(ref, at(path, index), rules, found);
  }
}
