/**
 * Which kinds of targetRef fit where, and which members go with each kind. What a policy takes is data of that policy.
 * Source: kuma v2.14.3: pkg/core/resources/apis/mesh/validators.go (ValidateTargetRef).
 */
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { policyRole } from "../policy-role.ts";
import type { Resource } from "../resource.ts";
import type { TargetRefKind } from "../schemas/target-ref.ts";
import { member, type Violations } from "../violation.ts";
import { listAt, messageAt, textAt, textsAt, valueAt } from "./json-access.ts";
import { MUST_BE_DEFINED } from "./primitives.ts";
import { checkSelector, checkTags } from "./tags.ts";

export interface TargetRefRules {
  readonly kinds: readonly TargetRefKind[];
  /** Said instead of that the kind is not supported. */
  readonly kindError?: string;
  /** A MeshGateway may be narrowed down to listeners with these tags. */
  readonly allowsListenerTags?: boolean;
  /** A Dataplane may be narrowed down to one of its inbounds. */
  readonly isInbound?: boolean;
  /** Names that are taken although their characters are not. */
  readonly allowedNames?: readonly string[];
}

/** What `spec.targetRef` of a policy may be, by its role; one set of rules serves all roles where there are no others. */
export interface TopTargetRefRules {
  readonly system: TargetRefRules;
  readonly otherRoles?: TargetRefRules;
  /** The policy has `rules` or `from`, and may be for single inbounds when it uses them. */
  readonly hasInboundLists?: boolean;
}

/** An omitted targetRef is the whole mesh; nothing is checked then. */
export function checkTopTargetRef(resource: Resource, rules: TopTargetRefRules, found: Violations): void {
  const ref = messageAt(resource.spec, "targetRef");
  if (ref === undefined) return;
  const ofRole = policyRole(resource) === "system" ? rules.system : (rules.otherRoles ?? rules.system);
  const isInbound = rules.hasInboundLists === true && affectsInbounds(resource.spec);
  checkTargetRef(ref, "spec.targetRef", isInbound ? { ...ofRole, isInbound } : ofRole, found);
}

export function checkTargetRef(ref: JsonObject, path: string, rules: TargetRefRules, found: Violations): void {
  const kind = textAt(ref, "kind");
  if (kind === "") found.add(member(path, "kind"), MUST_BE_DEFINED);
  else if (isOneOf(rules.kinds, kind)) for (const check of CHECKS[kind]) check({ ref, kind, path, rules, found });
  else found.add(member(path, "kind"), rules.kindError ?? `value '${kind}' is not supported`);
}

/** A targetRef that traffic is sent to. */
export function checkBackendRef(ref: JsonObject, path: string, rules: TargetRefRules, found: Violations): void {
  checkTargetRef(ref, path, rules, found);
  if (textAt(ref, "kind") === "MeshMultiZoneService" && valueAt(ref, "port") === undefined) {
    found.add(member(path, "port"), `${MUST_BE_DEFINED} with kind MeshMultiZoneService`);
  }
}

/** Kind of `spec.targetRef`; without one the policy is about the whole mesh. */
export function topKind(spec: JsonObject): string {
  const ref = messageAt(spec, "targetRef");
  return ref === undefined ? "Mesh" : textAt(ref, "kind");
}

/** Whether the policy is also, or only, for gateways. */
export function includesGateways(spec: JsonObject): boolean {
  const kind = topKind(spec);
  if (kind === "MeshGateway" || kind === "MeshHTTPRoute") return true;
  if (kind !== "Mesh" && kind !== "MeshSubset") return false;
  const proxyTypes = listAt(messageAt(spec, "targetRef") ?? {}, "proxyTypes") ?? [];
  return proxyTypes.length === 0 || proxyTypes.includes("Gateway");
}

interface Checked {
  readonly ref: JsonObject;
  readonly kind: TargetRefKind;
  readonly path: string;
  readonly rules: TargetRefRules;
  readonly found: Violations;
}

type Check = (checked: Checked) => void;

const NAME_OR_NAMESPACE = "either labels or name and namespace must be specified";
const NAME_CHARACTERS = /^[0-9a-z.\-_]*$/;

const without =
  (...names: readonly string[]): Check =>
  ({ ref, kind, path, found }) => {
    for (const name of names) {
      if (isSet(ref, name)) found.add(member(path, name), `must not be set with kind ${kind}`);
    }
  };

const noName: Check = ({ ref, kind, path, found }) => {
  if (isSet(ref, "name")) found.add(member(path, "name"), `using name with kind ${kind} is not yet supported`);
};

const needsName: Check = ({ ref, kind, path, found }) => {
  if (!isSet(ref, "name")) found.add(member(path, "name"), `must be set when kind is ${kind}`);
};

const nameCharacters: Check = ({ ref, path, rules, found }) => {
  const name = textAt(ref, "name");
  if (rules.allowedNames?.includes(name) === true || NAME_CHARACTERS.test(name)) return;
  found.add(
    member(path, "name"),
    "invalid characters: must consist of lower case alphanumeric characters, '-', '.' and '_'.",
  );
};

const needsNameOrLabels: Check = ({ ref, kind, path, found }) => {
  if (!isSet(ref, "labels") && !isSet(ref, "name")) found.add(path, `name or labels must be set when kind is ${kind}`);
};

const labelsAlone =
  (text: string): Check =>
  ({ ref, path, found }) => {
    if (isSet(ref, "labels") && (isSet(ref, "name") || isSet(ref, "namespace")))
      found.add(member(path, "labels"), text);
  };

const someProxyTypes: Check = ({ ref, path, found }) => {
  if (listAt(ref, "proxyTypes")?.length === 0) {
    found.add(member(path, "proxyTypes"), "must be undefined or have at least one element");
  }
};

const sectionOfInbounds: Check = ({ ref, path, rules, found }) => {
  if (rules.isInbound !== true && isSet(ref, "sectionName")) {
    found.add(member(path, "sectionName"), "can only be used with inbound policies");
  }
};

const tagsOfProxies: Check = ({ ref, path, found }) => checkTags(textsAt(ref, "tags"), member(path, "tags"), found);

const tagsThatSelect: Check = ({ ref, path, found }) =>
  checkSelector(textsAt(ref, "tags"), member(path, "tags"), found);

const tagsOfListeners: Check = (checked) => {
  if (checked.rules.allowsListenerTags !== true) without("tags")(checked);
};

const CHECKS: Readonly<Record<TargetRefKind, readonly Check[]>> = {
  Mesh: [noName, without("mesh", "tags", "labels", "namespace", "sectionName"), someProxyTypes],
  Dataplane: [without("tags", "mesh", "proxyTypes"), labelsAlone(NAME_OR_NAMESPACE), sectionOfInbounds],
  MeshSubset: [without("name", "mesh"), tagsOfProxies, without("labels", "namespace", "sectionName"), someProxyTypes],
  MeshService: [
    nameCharacters,
    without("mesh", "tags", "proxyTypes"),
    needsNameOrLabels,
    labelsAlone(NAME_OR_NAMESPACE),
  ],
  MeshHTTPRoute: [
    nameCharacters,
    without("mesh", "tags", "proxyTypes", "sectionName"),
    needsNameOrLabels,
    labelsAlone(NAME_OR_NAMESPACE),
  ],
  MeshServiceSubset: [
    needsName,
    nameCharacters,
    without("mesh", "proxyTypes"),
    tagsThatSelect,
    without("labels", "namespace", "sectionName"),
  ],
  MeshGateway: [
    needsName,
    nameCharacters,
    without("mesh", "proxyTypes"),
    tagsThatSelect,
    tagsOfListeners,
    without("labels", "namespace", "sectionName"),
  ],
  MeshExternalService: [
    nameCharacters,
    without("mesh", "tags", "proxyTypes"),
    needsNameOrLabels,
    labelsAlone("either labels or name must be specified"),
    without("sectionName"),
  ],
  MeshMultiZoneService: [],
};

function affectsInbounds(spec: JsonObject): boolean {
  return ["rules", "from"].some((name) => (listAt(spec, name)?.length ?? 0) > 0);
}

/** Empty texts, lists and maps count as absent. */
function isSet(ref: JsonObject, name: string): boolean {
  const value = valueAt(ref, name);
  if (Array.isArray(value)) return value.length > 0;
  if (isJsonObject(value)) return Object.keys(value).length > 0;
  return value !== undefined && value !== "";
}

const isOneOf = (kinds: readonly TargetRefKind[], kind: string): kind is TargetRefKind =>
  kinds.some((one) => one === kind);
