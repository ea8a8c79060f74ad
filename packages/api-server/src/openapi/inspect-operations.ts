/** Inspection, by method and the path that the router knows. */
import {
  attachedRulesSchema,
  dataplanePoliciesSchema,
  gatewayDataplanesSchema,
  hostnamesSchema,
  inboundPoliciesSchema,
  layoutSchema,
  matchedDataplanesSchema,
  policiesSchema,
  policyDataplanesSchema,
  proxyConfigSchema,
  routesSchema,
  rulesSchema,
} from "@isthmus/api";
import type { Registry } from "@isthmus/resources";
import type { z } from "zod";
import { answer, jsonOf, type Operation, type QueryParameter, text, zod } from "./operation.ts";
import { PAGE } from "./resource-operations.ts";

const DATAPLANE = "/meshes/:mesh/dataplanes/:name";
const TEXT = { type: "string" };
const FLAG = { type: "boolean" };
const CONFIG_QUERY: readonly QueryParameter[] = [
  { name: "shadow", description: "whether shadow policies count", schema: FLAG },
  { name: "include", description: "`diff`: also what differs from what the proxy is given", schema: TEXT },
];
const ADMIN_QUERY: readonly QueryParameter[] = [
  { name: "format", description: "of stats and clusters", schema: { type: "string", enum: ["json", "text"] } },
  { name: "include_eds", description: "whether a configuration dump shows endpoints", schema: FLAG },
  { name: "usedonly", description: "whether stats without a value are left out", schema: { ...FLAG, default: true } },
];

export function inspectOperations(registry: Registry): ReadonlyMap<string, Operation> {
  const operations = new Map(Object.entries(FIXED));
  for (const { path, policy } of registry.all()) {
    if (policy === undefined || path === undefined) continue;
    const item = `GET /meshes/:mesh/${path}/:name`;
    operations.set(
      `${item}/_resources/dataplanes`,
      view(
        `${path}-dataplanes`,
        "Dataplanes that the policy is about",
        ["MatchedDataplanes", matchedDataplanesSchema],
        PAGE,
      ),
    );
    operations.set(
      `${item}/dataplanes`,
      view(`${path}-attachments`, "Dataplanes that the policy is attached to", [
        "PolicyDataplanes",
        policyDataplanesSchema,
      ]),
    );
  }
  return operations;
}

function view(
  id: string,
  summary: string,
  [name, schema]: readonly [string, z.ZodType],
  query: readonly QueryParameter[] = [],
): Operation {
  return { id, tag: "Inspection", summary, query, answers: { 200: answer("what was found", zod(name, schema)) } };
}

function admin(id: string, proxy: string): Operation {
  return {
    id,
    tag: "Inspection",
    summary: `What the Envoy of a ${proxy} prints: \`xds\`, \`stats\` or \`clusters\``,
    query: ADMIN_QUERY,
    answers: { 200: answer("as Envoy prints it", jsonOf({ type: "object" }), text()) },
  };
}

const FIXED: Readonly<Record<string, Operation>> = {
  [`GET ${DATAPLANE}/_rules`]: view("dataplane-rules", "What policies say about a proxy, by type", [
    "Rules",
    rulesSchema,
  ]),
  "GET /meshes/:mesh/meshgateways/:name/_rules": view(
    "meshgateway-rules",
    "What policies say about a proxy of a MeshGateway",
    ["Rules", rulesSchema],
  ),
  [`GET ${DATAPLANE}/_layout`]: view("dataplane-layout", "What a Dataplane listens on and reaches", [
    "Layout",
    layoutSchema,
  ]),
  [`GET ${DATAPLANE}/_policies`]: view("dataplane-policies", "What policies say about the proxy as a whole", [
    "Policies",
    policiesSchema,
  ]),
  [`GET ${DATAPLANE}/_inbounds/:inbound/_policies`]: view(
    "inbound-policies",
    "What policies say about an inbound, by its KRI",
    ["InboundPolicies", inboundPoliciesSchema],
  ),
  [`GET ${DATAPLANE}/_outbounds/:outbound/_policies`]: view(
    "outbound-policies",
    "What policies say about a destination, by its KRI",
    ["Policies", policiesSchema],
  ),
  [`GET ${DATAPLANE}/_outbounds/:outbound/_routes`]: view("outbound-routes", "Routes to a destination, by its KRI", [
    "Routes",
    routesSchema,
  ]),
  [`GET ${DATAPLANE}/_outbounds/:outbound/_routes/:route/_policies`]: view(
    "route-policies",
    "What policies say about one route to a destination",
    ["Policies", policiesSchema],
  ),
  [`GET ${DATAPLANE}/policies`]: view("dataplane-attached-policies", "Policies of a Dataplane, by type", [
    "DataplanePolicies",
    dataplanePoliciesSchema,
  ]),
  [`GET ${DATAPLANE}/rules`]: view("dataplane-attached-rules", "Rules of a Dataplane by tags", [
    "AttachedRules",
    attachedRulesSchema,
  ]),
  [`GET ${DATAPLANE}/_config`]: view(
    "dataplane-config",
    "What the zone gives a proxy, or would give it",
    ["ProxyConfig", proxyConfigSchema],
    CONFIG_QUERY,
  ),
  "GET /meshes/:mesh/meshgateways/:name/_config": view(
    "meshgateway-config",
    "What the zone gives a gateway, or would give it",
    ["ProxyConfig", proxyConfigSchema],
    CONFIG_QUERY,
  ),
  [`GET ${DATAPLANE}/:operation`]: admin("dataplane-admin", "Dataplane"),
  "GET /zoneingresses/:name/:operation": admin("zoneingress-admin", "ZoneIngress"),
  "GET /zoneegresses/:name/:operation": admin("zoneegress-admin", "ZoneEgress"),
  "GET /meshes/:mesh/meshservices/:name/_resources/dataplanes": view(
    "meshservice-dataplanes",
    "Dataplanes of a MeshService",
    ["MatchedDataplanes", matchedDataplanesSchema],
    PAGE,
  ),
  "GET /meshes/:mesh/meshservices/:name/_dataplanes": view(
    "meshservice-dataplanes.2",
    "Dataplanes of a MeshService",
    ["MatchedDataplanes", matchedDataplanesSchema],
    PAGE,
  ),
  "GET /meshes/:mesh/meshgateways/:name/dataplanes": view("meshgateway-dataplanes", "Gateways of a MeshGateway", [
    "GatewayDataplanes",
    gatewayDataplanesSchema,
  ]),
  "GET /meshes/:mesh/:service/:name/_hostnames": view("service-hostnames", "Host names of a service", [
    "Hostnames",
    hostnamesSchema,
  ]),
};
