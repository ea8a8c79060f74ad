/** Routes that are no resources, by method and the path that the router knows. */
import {
  changesSchema,
  dataplaneEndpointsSchema,
  explanationSchema,
  globalInsightSchema,
  globalInsightsSchema,
  holdsSchema,
  indexSchema,
  policyTypesSchema,
  resourceTypesSchema,
  syncStatusSchema,
  topologySchema,
  whatIfReportSchema,
  whatIfRequestSchema,
  zoneProxyEndpointsSchema,
} from "@isthmus/api";
import type { z } from "zod";
import {
  dataplaneTokenRequestSchema,
  userTokenRequestSchema,
  zoneTokenRequestSchema,
} from "../routes/token-request.ts";
import { answer, jsonOf, type Operation, text, zod } from "./operation.ts";
import { FORMAT } from "./resource-operations.ts";

const TEXT = { type: "string" };
const WHOLE = { type: "integer", minimum: 0 };
const EMPTY = jsonOf({ type: "object" });

const holdOperation = (verb: "accept" | "reject", summary: string): Operation => ({
  id: `${verb}-hold`,
  tag: "Sync",
  summary,
  answers: { 200: answer("done", EMPTY) },
});

const zoneProxyEndpoints = (id: string): Operation => ({
  id,
  tag: "Endpoint sets",
  summary: "What the proxy forwards to which endpoints",
  answers: { 200: answer("endpoint sets", zod("ZoneProxyEndpoints", zoneProxyEndpointsSchema)) },
});

const token = (kind: string, request: z.ZodType): Operation => ({
  id: `issue-${kind}-token`,
  tag: "Access",
  summary: `Issues a token of a ${kind}`,
  body: zod(`${kind.charAt(0).toUpperCase()}${kind.slice(1)}TokenRequest`, request),
  answers: { 200: answer("the token", text()) },
});

export const FIXED_OPERATIONS: Readonly<Record<string, Operation>> = {
  "GET /": {
    id: "index",
    tag: "Control plane",
    summary: "What answers here",
    answers: { 200: answer("product, version, instance", zod("Index", indexSchema)) },
  },
  "GET /openapi.json": {
    id: "openapi-json",
    tag: "Control plane",
    summary: "This document",
    answers: { 200: answer("an OpenAPI 3.1 document", EMPTY) },
  },
  "GET /openapi.yaml": {
    id: "openapi-yaml",
    tag: "Control plane",
    summary: "This document as YAML",
    answers: { 200: answer("an OpenAPI 3.1 document", text("application/yaml")) },
  },
  "GET /who-am-i": {
    id: "who-am-i",
    tag: "Access",
    summary: "Who asks",
    answers: {
      200: answer(
        "name and groups",
        jsonOf({
          type: "object",
          required: ["name", "groups"],
          properties: { name: TEXT, groups: { type: "array", items: TEXT } },
        }),
      ),
    },
  },
  "GET /config": {
    id: "config",
    tag: "Access",
    summary: "The configuration that runs, without secrets",
    answers: { 200: answer("all settings", jsonOf({ type: "object", additionalProperties: true })) },
  },
  "POST /tokens/dataplane": token("dataplane", dataplaneTokenRequestSchema),
  "POST /tokens/zone": token("zone", zoneTokenRequestSchema),
  "POST /tokens/user": token("user", userTokenRequestSchema),
  "GET /_kri/:kri": {
    id: "by-kri",
    tag: "Control plane",
    summary: "A resource by its identity",
    query: FORMAT,
    answers: { 200: answer("the resource", jsonOf({ type: "object", additionalProperties: true })) },
  },
  "GET /global-insight": {
    id: "global-insight",
    tag: "Insights",
    summary: "How many of everything there are, and how many are online",
    answers: { 200: answer("numbers", zod("GlobalInsight", globalInsightSchema)) },
  },
  "GET /global-insights": {
    id: "global-insights",
    tag: "Insights",
    summary: "How many resources there are of each type without a mesh",
    answers: { 200: answer("numbers", zod("GlobalInsights", globalInsightsSchema)) },
  },
  "GET /_resources": {
    id: "resource-types",
    tag: "Control plane",
    summary: "Types of resources",
    answers: { 200: answer("all types that have a path", zod("ResourceTypes", resourceTypesSchema)) },
  },
  "GET /_changes": {
    id: "changes",
    tag: "Control plane",
    summary: "Answers when resources have changed, to ask for them anew",
    query: [
      { name: "type", description: "types of resources, repeated; without it all", schema: TEXT },
      { name: "after", description: "the revision of the answer before; without it the present one", schema: WHOLE },
      { name: "wait", description: "seconds to wait for a change, at most 30", schema: WHOLE },
    ],
    answers: { 200: answer("the revision, and whether something changed", zod("Changes", changesSchema)) },
  },
  "GET /policies": {
    id: "policy-types",
    tag: "Control plane",
    summary: "Types of policies",
    answers: { 200: answer("all types that are policies", zod("PolicyTypes", policyTypesSchema)) },
  },
  "GET /sync": {
    id: "sync",
    tag: "Sync",
    summary: "The convergence ledger: what each zone has stored",
    answers: { 200: answer("the ledger", zod("SyncStatus", syncStatusSchema)) },
  },
  "GET /sync/holds": {
    id: "holds",
    tag: "Sync",
    summary: "Mass deletions that are held back",
    answers: { 200: answer("all holds", zod("Holds", holdsSchema)) },
  },
  "POST /sync/holds/:zone/:type/:origin/accept": holdOperation("accept", "Lets the held deletions happen"),
  "POST /sync/holds/:zone/:type/:origin/reject": holdOperation("reject", "Keeps what was to be deleted"),
  "GET /meshes/:mesh/dataplanes/:name/_explain": {
    id: "explain",
    tag: "Endpoint sets",
    summary: "Where traffic of a Dataplane to a service goes, and why not elsewhere",
    query: [
      { name: "to", description: "`<service>` or `<service>:<port>`", schema: TEXT },
      { name: "kind", description: "type of the service, where several have the name", schema: TEXT },
    ],
    answers: { 200: answer("candidates with their reasons", zod("Explanation", explanationSchema)) },
  },
  "GET /meshes/:mesh/dataplanes/:name/_endpoints": {
    id: "dataplane-endpoints",
    tag: "Endpoint sets",
    summary: "All endpoint sets of a Dataplane",
    answers: { 200: answer("endpoint sets", zod("DataplaneEndpoints", dataplaneEndpointsSchema)) },
  },
  "GET /zoneingresses/:name/_endpoints": zoneProxyEndpoints("zoneingress-endpoints"),
  "GET /zone-ingresses/:name/_endpoints": zoneProxyEndpoints("zoneingress-endpoints.2"),
  "GET /zoneegresses/:name/_endpoints": zoneProxyEndpoints("zoneegress-endpoints"),
  "GET /_topology": {
    id: "topology",
    tag: "Endpoint sets",
    summary: "What the zone derives from what, and what is wrong with what it was given",
    answers: { 200: answer("collections and problems", zod("Topology", topologySchema)) },
  },
  "POST /_what-if": {
    id: "what-if",
    tag: "Endpoint sets",
    summary: "What would change without some zones, zone proxies or services",
    body: zod("WhatIfRequest", whatIfRequestSchema),
    answers: { 200: answer("what changes", zod("WhatIfReport", whatIfReportSchema)) },
  },
  "GET /gui": {
    id: "gui",
    tag: "Web page",
    summary: "The web page, with a slash behind the path",
    answers: { 200: answer("the page", text("text/html")), 301: answer("the address with a slash") },
  },
  "GET /gui/:path": {
    id: "gui-file",
    tag: "Web page",
    summary: "The web page and its files",
    answers: { 200: answer("the page or a file", text("text/html")), 304: answer("known already") },
  },
};
