/** Rules of a MeshTCPRoute. Source: kuma v2.14.3: pkg/plugins/policies/meshtcproute/api/v1alpha1/validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { objectAt, objectsAt } from "./json-access.ts";
import { checkTargetItems, hasItems } from "./policy-lists.ts";
import { MUST_BE_DEFINED } from "./primitives.ts";
import { BACKENDS, checkBackendRefs, TOP_OF_ROUTES, toOfRoutes } from "./route-targets.ts";
import { checkTopTargetRef, topKind } from "./target-ref.ts";

export function validateMeshTcpRoute(resource: Resource): readonly Violation[] {
  const { spec } = resource;
  const found = new Violations();
  checkTopTargetRef(resource, TOP_OF_ROUTES, found);
  checkTargetItems(spec, "to", toOfRoutes(topKind(spec)), (item, path) => checkRules(item, path, found), found);
  return found.list;
}

function checkRules(item: JsonObject, itemPath: string, found: Violations): void {
  for (const [index, rule] of objectsAt(item, "rules").entries()) {
    const conf = objectAt(rule, "default");
    const path = member(at(member(itemPath, "rules"), index), "default.backendRefs");
    if (hasItems(conf, "backendRefs")) checkBackendRefs(conf, path, BACKENDS, found);
    else found.add(path, MUST_BE_DEFINED);
  }
}
