/**
 * Inspection as it was before `_rules`: `dataplanes/{name}/policies`, `dataplanes/{name}/rules`, `<policy>/{name}/dataplanes`.
 * Only policies with a targetRef are in effect here, so only they are shown.
 * Source: kuma v2.14.3: pkg/api-server/inspect_endpoints.go, pkg/core/xds/inspect/rules.go.
 */
import {
  fromRules,
  originsOf,
  type Policy,
  type PolicyProxy,
  proxyConf,
  ruleForTags,
  type SubsetRule,
  toRules,
} from "@isthmus/policy";
import { numberOf, objectOf, objectsOf, resourceToRest, type TypeDescriptor, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { legacyClusterName, readProxy, SERVICE_TAG } from "@isthmus/topology";
import type { KindPolicies } from "./inspection.ts";

const SIDECAR = "SidecarDataplane";

/** Policies of a sidecar by type; they are all about the proxy as a whole. */
export function attachedPoliciesView(all: readonly KindPolicies[]): JsonObject {
  const matchedPolicies = Object.fromEntries(
    all
      .filter(({ matched }) => matched.length > 0)
      .sort((a, b) => (a.kind.name < b.kind.name ? -1 : 1))
      .map(({ kind, matched }) => [kind.name, matched.map(({ policy }) => policyMeta(kind.descriptor, policy))]),
  );
  const items = Object.keys(matchedPolicies).length === 0 ? [] : [{ type: "dataplane", matchedPolicies }];
  return { kind: SIDECAR, total: items.length, items };
}

/** The MeshGateway of a builtin gateway; hosts and routes of listeners are not computed here. */
export function gatewayPoliciesView({ gateway }: PolicyProxy): JsonObject {
  const definition = gateway?.kind === "builtin" ? gateway.definition?.resource : undefined;
  const listeners = definition === undefined ? [] : objectsOf(objectOf(definition.spec, "conf"), "listeners");
  return {
    kind: "MeshGatewayDataplane",
    gateway: { mesh: definition?.mesh ?? "", name: definition?.name ?? "" },
    listeners: listeners.map((each) => ({
      port: numberOf(each, "port"),
      protocol: textOf(each, "protocol") || "NONE",
      hosts: [],
    })),
  };
}

/** Sidecars that a policy is attached to. */
export function policyAttachmentsView(sidecars: readonly PolicyProxy[]): JsonObject {
  const items = sidecars.map(({ dataplane: { mesh, name } }) => ({
    kind: SIDECAR,
    dataplane: { mesh, name },
    attachments: [{ type: "dataplane" }],
  }));
  return { total: items.length, items };
}

export function gatewayDataplanesView(gateways: readonly PolicyProxy[]): JsonObject {
  const items = gateways.map(({ dataplane: { mesh, name } }) => ({ dataplane: { mesh, name } }));
  return { total: items.length, items };
}

/** Rules by tags: for clients of each inbound, for the destinations that the Dataplane lists, for the proxy. */
export function attachedRulesView(
  all: readonly KindPolicies[],
  proxy: PolicyProxy,
  routes: readonly Policy[],
): JsonObject {
  const items = all
    .flatMap((policies) => [
      ...clientRules(policies, proxy),
      ...destinationRules(policies, proxy, routes),
      ...proxyRules(policies),
    ])
    .sort(inOrder);
  return { total: items.length, items };
}

function clientRules({ kind, matched }: KindPolicies, proxy: PolicyProxy): readonly JsonObject[] {
  if (!kind.hasFrom) return [];
  return proxy.inbounds.flatMap((inbound) =>
    fromRules(matched, inbound).rules.map((rule) => ({
      type: "ClientSubset",
      ...place(inbound.tags, [`${inbound.address}:${inbound.port}`]),
      policyType: kind.name,
      ...ruleMembers(rule),
    })),
  );
}

/** Once for each destination, with all addresses that lead to it. */
function destinationRules(
  { kind, matched }: KindPolicies,
  proxy: PolicyProxy,
  routes: readonly Policy[],
): readonly JsonObject[] {
  if (!kind.hasTo) return [];
  const { rules } = toRules(matched, routes);
  const addresses = new Map<string, { readonly tags: JsonObject; readonly rule: SubsetRule; readonly at: string[] }>();
  for (const { address, port, tags } of readProxy(proxy.dataplane).outbounds) {
    const rule = ruleForTags(rules, tags);
    const name = legacyClusterName(tags);
    if (rule === undefined || name === undefined) continue;
    const known = addresses.get(name) ?? { tags, rule, at: [] };
    addresses.set(name, known);
    if (!known.at.includes(`${address}:${port}`)) known.at.push(`${address}:${port}`);
  }
  return [...addresses.values()].map(({ tags, rule, at }) => ({
    type: "DestinationSubset",
    ...place(tags, at),
    policyType: kind.name,
    ...ruleMembers(rule),
  }));
}

function proxyRules({ kind, matched }: KindPolicies): readonly JsonObject[] {
  const conf = kind.isForProxy ? proxyConf(matched) : undefined;
  if (conf === undefined) return [];
  return [
    { type: "SingleItem", policyType: kind.name, subset: {}, conf: conf.conf, origins: conf.origins.map(originKey) },
  ];
}

/** Members that are empty are left out. */
function place(tags: JsonObject, addresses: readonly string[]): JsonObject {
  const texts = Object.fromEntries(Object.entries(tags).filter(([, value]) => typeof value === "string"));
  const name = legacyClusterName(texts as Readonly<Record<string, string>>) ?? "";
  const service = texts[SERVICE_TAG] ?? "";
  return {
    ...(name === "" ? {} : { name }),
    addresses,
    ...(service === "" ? {} : { service }),
    ...(Object.keys(texts).length === 0 ? {} : { tags: texts }),
  };
}

function ruleMembers({ subset, conf, entries }: SubsetRule): JsonObject {
  return {
    subset: Object.fromEntries(subset.map(({ key, value, not }) => [key, not ? `!${value}` : value])),
    conf,
    origins: originsOf(entries).map(originKey),
  };
}

const originKey = ({ resource: { mesh, name } }: Policy): JsonObject => ({ mesh, name });

/** A resource without what it says. */
function policyMeta(descriptor: TypeDescriptor, { resource }: Policy): JsonObject {
  const { spec: _spec, status: _status, ...meta } = resourceToRest(descriptor, { ...resource, spec: {} });
  return meta;
}

/** By name, then kind of rule. Kuma leaves the types in any order. */
function inOrder(a: JsonObject, b: JsonObject): number {
  return (
    compareText(textOf(a, "name"), textOf(b, "name")) ||
    compareText(textOf(a, "type"), textOf(b, "type")) ||
    compareText(textOf(b, "policyType"), textOf(a, "policyType"))
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
