/** Source: kuma v2.14.3: pkg/plugins/policies/meshtcproute/api/v1alpha1/helpers.go. */
import { objectOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { objectItems } from "../object-items.ts";

/** The first rule of an item of a MeshTCPRoute; without rules, all traffic goes where it was sent. */
export function tcpRouteConf(item: JsonObject): JsonObject {
  const [rule] = objectItems(item.rules);
  return rule ?? { default: { backendRefs: [{ ...objectOf(item, "targetRef"), weight: 1 }] } };
}
