/**
 * What several policies say of their `to`, `from` and `rules`. Source: kuma v2.14.3: the validators and deprecations of
 * pkg/plugins/policies, pkg/plugins/policies/core/jsonpatch/validators.
 */
import type { JsonObject } from "@isthmus/std";
import { at, member, type Violations } from "../violation.ts";
import { listAt, messageAt, objectAt, objectsAt, textAt } from "./json-access.ts";
import { MUST_NOT_BE_DEFINED } from "./primitives.ts";
import { checkTargetRef, includesGateways, type TargetRefRules } from "./target-ref.ts";

/** An empty list is as good as none. */
export const hasItems = (spec: JsonObject, name: string): boolean => (listAt(spec, name)?.length ?? 0) > 0;

/** Of policies for both directions: `rules` go alone. */
export function checkRulesAlone(spec: JsonObject, found: Violations): void {
  if (hasItems(spec, "rules") && (hasItems(spec, "to") || hasItems(spec, "from"))) {
    found.add("spec", "fields 'to' and 'from' must be empty when 'rules' is defined");
  }
}

export function checkSomeItems(spec: JsonObject, found: Violations): void {
  if (!["rules", "to", "from"].some((name) => hasItems(spec, name))) {
    found.add("spec", "at least one of 'from', 'to' or 'rules' has to be defined");
  }
}

/** Items of `spec.<list>`: their targetRef by the given rules, the rest by the caller. */
export function checkTargetItems(
  spec: JsonObject,
  list: "to" | "from",
  rulesOf: TargetRefRules | ((item: JsonObject) => TargetRefRules),
  checkRest: (item: JsonObject, path: string, index: number) => void,
  found: Violations,
): void {
  for (const [index, item] of objectsAt(spec, list).entries()) {
    const path = at(`spec.${list}`, index);
    const rules = typeof rulesOf === "function" ? rulesOf(item) : rulesOf;
    checkTargetRef(objectAt(item, "targetRef"), member(path, "targetRef"), rules, found);
    checkRest(item, path, index);
  }
}

/** Of policies whose `from` is for sidecars alone and whose `to` is for gateways alone. `fromRules` are those of `from`. */
export function checkSidecarAndGatewayItems(
  spec: JsonObject,
  fromRules: TargetRefRules,
  checkRest: (item: JsonObject, path: string) => void,
  found: Violations,
): void {
  const isForGateways = includesGateways(spec);
  if (!isForGateways) checkTargetItems(spec, "from", fromRules, checkRest, found);
  else if (hasItems(spec, "from")) {
    const advice = "select only proxyType Sidecar or select only gateways and use spec.to";
    found.add("spec.from", `${MUST_NOT_BE_DEFINED} when the scope includes a Gateway, ${advice}`);
  }
  if (isForGateways) checkTargetItems(spec, "to", { kinds: ["Mesh"] }, checkRest, found);
  else if (hasItems(spec, "to")) found.add("spec.to", MUST_NOT_BE_DEFINED);
}

/** Warnings about the kind of `spec.targetRef`. */
export function targetRefDeprecations(spec: JsonObject): readonly string[] {
  const ref = messageAt(spec, "targetRef");
  const kind = ref === undefined ? "" : textAt(ref, "kind");
  if (kind === "MeshHTTPRoute") {
    return [`${kind} value for 'targetRef.kind' is deprecated, use ${kind} in spec.to[].targetRef`];
  }
  return ["MeshService", "MeshServiceSubset", "MeshSubset"].includes(kind)
    ? [`${kind} value for 'targetRef.kind' is deprecated, use Dataplane with labels instead`]
    : [];
}

/** The warning about `from`, in the words of most policies. */
export function fromDeprecations(spec: JsonObject): readonly string[] {
  return hasItems(spec, "from") ? ["'from' field is deprecated, use 'rules' instead"] : [];
}
