/** Routes that are no resources, by method and the path that the router knows. */
import {
  dataplaneEndpointsSchema,
  explanationSchema,
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
import { answer, jsonOf, type Operation, text, zod } from "./operation.ts";

const TEXT = { type: "string" };
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
  "GET /_resources": {
    id: "resource-types",
    tag: "Control plane",
    summary: "Types of resources",
    answers: { 200: answer("all types that have a path", zod("ResourceTypes", resourceTypesSchema)) },
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
