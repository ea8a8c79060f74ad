/**
 * Rules of a MeshLoadBalancingStrategy.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshloadbalancingstrategy/api/v1alpha1/{validator,deprecated}.go.
 */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { GREATER_OR_EQUAL, NO_NUMBER } from "./amounts.ts";
import { parseDecimal } from "./decimal.ts";
import { listAt, messageAt, objectAt, objectsAt, optionalTextAt, textAt, valueAt } from "./json-access.ts";
import { checkLocalityAwareness } from "./locality-awareness.ts";
import { checkTargetItems, targetRefDeprecations } from "./policy-lists.ts";
import { MUST_BE_DEFINED } from "./primitives.ts";
import { checkTopTargetRef, type TargetRefRules, type TopTargetRefRules, topKind } from "./target-ref.ts";

const TOP: TopTargetRefRules = {
  system: {
    kinds: ["Mesh", "MeshSubset", "MeshGateway", "MeshService", "MeshServiceSubset", "Dataplane"],
    allowsListenerTags: true,
  },
};
const TO: TargetRefRules = { kinds: ["Mesh", "MeshService", "MeshMultiZoneService", "MeshHTTPRoute"] };
const TO_OF_GATEWAY: TargetRefRules = { kinds: ["Mesh", "MeshService", "MeshMultiZoneService"] };
/** A gateway has one load balancer for all it sends. The text names the kind of the gateway, not the one that is wrong. */
const TO_OF_GATEWAY_BALANCER: TargetRefRules = {
  kinds: ["Mesh"],
  kindError: "value 'MeshGateway' is not supported, only Mesh is allowed if loadBalancer is set",
};

/** Load balancers that hash, with the member that configures each. */
const HASHING: Readonly<Record<string, "ringHash" | "maglev">> = { RingHash: "ringHash", Maglev: "maglev" };

/** Types of hash policies with the member that says what is hashed. */
const HASHED: Readonly<Record<string, string>> = {
  Header: "header",
  Cookie: "cookie",
  QueryParameter: "queryParameter",
  FilterState: "filterState",
  Connection: "connection",
  SourceIP: "connection",
};

export function validateMeshLoadBalancingStrategy(resource: Resource): readonly Violation[] {
  const { spec } = resource;
  const found = new Violations();
  checkTopTargetRef(resource, TOP, found);
  const kind = topKind(spec);
  const rulesOf = (item: JsonObject): TargetRefRules => {
    if (kind !== "MeshGateway") return TO;
    return messageAt(objectAt(item, "default"), "loadBalancer") === undefined ? TO_OF_GATEWAY : TO_OF_GATEWAY_BALANCER;
  };
  const checkItem = (item: JsonObject, path: string): void => {
    const target = objectAt(item, "targetRef");
    if (kind !== "Mesh" && textAt(target, "kind") === "MeshExternalService") {
      found.add(
        member(path, "targetRef.kind"),
        "kind MeshExternalService is only allowed with targetRef.kind: Mesh as it is configured on the Zone Egress and shared by all clients in the mesh",
      );
    }
    checkConf(objectAt(item, "default"), target, member(path, "default"), found);
  };
  checkTargetItems(spec, "to", rulesOf, checkItem, found);
  return found.list;
}

export function meshLoadBalancingStrategyDeprecations({ spec }: Resource): readonly string[] {
  const ofHashPolicies = objectsAt(spec, "to").flatMap((item, index) => {
    const balancer = objectAt(objectAt(item, "default"), "loadBalancer");
    const name = hashingMember(balancer);
    if (name === undefined || listAt(objectAt(balancer, name), "hashPolicies") === undefined) return [];
    const conf = `spec.to[${index}].default`;
    const path = `${conf}.loadBalancer.${name}.hashPolicies`;
    return [
      `configuration '${path}' is deprecated, use '${conf}.hashPolicies' instead`,
      ...objectsAt(objectAt(balancer, name), "hashPolicies").flatMap((policy, place) =>
        textAt(policy, "type") === "SourceIP"
          ? [`SourceIP type for '${path}[${place}].type' is deprecated, use Connection instead`]
          : [],
      ),
    ];
  });
  return [...ofHashPolicies, ...targetRefDeprecations(spec)];
}

function checkConf(conf: JsonObject, target: JsonObject, path: string, found: Violations): void {
  const hashPolicies = member(path, "hashPolicies");
  const balancer = messageAt(conf, "loadBalancer");
  const locality = messageAt(conf, "localityAwareness");
  if (textAt(target, "kind") === "MeshHTTPRoute") {
    checkHashPolicies(conf, hashPolicies, found);
    for (const name of ["loadBalancer", "localityAwareness"]) {
      if (messageAt(conf, name) === undefined) continue;
      const reason = "field is not allowed when targetRef.kind is MeshHTTPRoute, only hashPolicies is supported";
      found.add(member(path, name), reason);
    }
    return;
  }
  if (balancer !== undefined) checkLoadBalancer(balancer, member(path, "loadBalancer"), found);
  if (locality !== undefined) checkLocalityAwareness(locality, target, member(path, "localityAwareness"), found);
  checkHashPolicies(conf, hashPolicies, found);
  if (listAt(conf, "hashPolicies") === undefined || balancer === undefined) return;
  for (const name of Object.values(HASHING)) {
    if (listAt(objectAt(balancer, name), "hashPolicies") === undefined) continue;
    found.add(`${path}.loadBalancer.${name}.hashPolicies`, "hashPolicies already specified in the root level");
  }
}

/** Only the member that belongs to the type is looked at. */
function checkLoadBalancer(balancer: JsonObject, path: string, found: Violations): void {
  const hashing = hashingMember(balancer);
  if (hashing !== undefined) {
    checkHashPolicies(objectAt(balancer, hashing), member(path, `${hashing}.hashPolicies`), found);
  }
  if (textAt(balancer, "type") !== "LeastRequest") return;
  const bias = valueAt(objectAt(balancer, "leastRequest"), "activeRequestBias");
  const decimal = bias === undefined ? undefined : parseDecimal(bias);
  const field = member(path, "leastRequest.activeRequestBias");
  if (bias !== undefined && decimal === undefined) found.add(field, NO_NUMBER);
  else if (decimal !== undefined && decimal.sign < 0) found.add(field, `${GREATER_OR_EQUAL}: 0`);
}

function checkHashPolicies(parent: JsonObject, path: string, found: Violations): void {
  for (const [index, policy] of objectsAt(parent, "hashPolicies").entries()) {
    const type = textAt(policy, "type");
    const name = Object.hasOwn(HASHED, type) ? HASHED[type] : undefined;
    if (name === undefined) continue;
    const hashed = messageAt(policy, name);
    if (hashed === undefined) found.add(member(at(path, index), name), MUST_BE_DEFINED);
    else if (type === "Cookie" && optionalTextAt(hashed, "path")?.startsWith("/") === false) {
      found.add(member(at(path, index), "cookie.path"), "must be an absolute path");
    }
  }
}

function hashingMember(balancer: JsonObject): "ringHash" | "maglev" | undefined {
  const type = textAt(balancer, "type");
  return Object.hasOwn(HASHING, type) ? HASHING[type] : undefined;
}
