/** Answers have the shape that clients of `@isthmus/api` read, nothing missing and nothing that the contract does not name. */
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
  routesSchema,
  rulesSchema,
} from "@isthmus/api";
import type { JsonObject } from "@isthmus/std";
import { expect, it } from "vitest";
import type { z } from "zod";
import { mesh, rig } from "../testing/rig.ts";

const policy = (type: string, name: string, spec: JsonObject): JsonObject => ({ type, mesh: "default", name, spec });
const zone = rig({ mode: "zone", zoneName: "east" });
await zone.seed(
  { ...mesh("default"), meshServices: { mode: "Exclusive" } },
  {
    type: "Dataplane",
    mesh: "default",
    name: "web",
    networking: {
      address: "10.0.0.1",
      inbound: [{ port: 8080, name: "http", tags: { "kuma.io/service": "web" } }],
      listeners: [{ type: "ZoneEgress", name: "out", port: 10002 }],
    },
  },
  policy("MeshService", "web", {
    selector: { dataplaneTags: { "kuma.io/service": "web" } },
    ports: [{ port: 80, name: "http", targetPort: 8080 }],
  }),
  {
    type: "HostnameGenerator",
    name: "g",
    spec: { selector: { meshService: { matchLabels: {} } }, template: "{{ .Name }}.mesh" },
  },
  policy("MeshTimeout", "t", {
    to: [{ targetRef: { kind: "MeshService", name: "web" }, default: { idleTimeout: "1s" } }],
    rules: [{ matches: [{ spiffeID: { type: "Exact", value: "spiffe://td/a" } }], default: { idleTimeout: "2s" } }],
  }),
  policy("MeshTrafficPermission", "p", {
    from: [{ targetRef: { kind: "MeshSubset", tags: { a: "b" } }, default: { action: "Allow" } }],
  }),
  policy("MeshHTTPRoute", "r", {
    to: [
      {
        targetRef: { kind: "MeshService", name: "web" },
        rules: [{ matches: [{ path: { type: "Exact", value: "/" } }], default: {} }],
      },
    ],
  }),
  policy("MeshTCPRoute", "c", { to: [{ targetRef: { kind: "MeshService", name: "web" }, rules: [] }] }),
  policy("MeshMetric", "m", { default: {} }),
  { type: "MeshGateway", mesh: "default", name: "edge", selectors: [{ match: {} }], conf: { listeners: [] } },
);

const DP = "dataplanes/web";
const WEB = "kri_msvc_default___web_http";

it.each<[string, z.ZodType]>([
  [`${DP}/_rules`, rulesSchema],
  ["meshgateways/edge/_rules", rulesSchema],
  [`${DP}/_policies`, policiesSchema],
  [`${DP}/_inbounds/kri_dp_default___web_http/_policies`, inboundPoliciesSchema],
  [`${DP}/_outbounds/${WEB}/_policies`, policiesSchema],
  [`${DP}/_outbounds/${WEB}/_routes`, routesSchema],
  [`${DP}/_outbounds/${WEB}/_routes/kri_mhttpr_default___r_/_policies`, policiesSchema],
  [`${DP}/_layout`, layoutSchema],
  [`${DP}/policies`, dataplanePoliciesSchema],
  [`${DP}/rules`, attachedRulesSchema],
  ["meshtimeouts/t/dataplanes", policyDataplanesSchema],
  ["meshtimeouts/t/_resources/dataplanes", matchedDataplanesSchema],
  ["meshservices/web/_dataplanes", matchedDataplanesSchema],
  ["meshservices/web/_hostnames", hostnamesSchema],
  ["meshgateways/edge/dataplanes", gatewayDataplanesSchema],
])("%s", async (path, schema) => {
  const { status, text } = await zone.ask("GET", `/meshes/default/${path}`);
  expect(status, text).toBe(200);
  const parsed = schema.parse(JSON.parse(text));
  // Lists of older servers may be null or missing: clients read them as empty.
  expect(parsed).toMatchObject(JSON.parse(text) as object);
});
