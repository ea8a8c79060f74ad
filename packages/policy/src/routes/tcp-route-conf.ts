/** Source: kuma v2.14.3: pkg/plugins/policies/meshtcproute/api/v1alpha1/helpers.go. */
import type { JsonObject } from "@isthmus/std";
import { objectAt, objectsOf } from "../fields.ts";

/** The first rule of an item of a MeshTCPRoute; without rules, all traffic goes where it was sent. */
export function tcpRouteConf(item: JsonObject): JsonObject {
  const [rule] = objectsOf(item.rules);
  return rule ?? { default: { backendRefs: [{ ...objectAt(item, "targetRef"), weight: 1 }] } };
}
