import type { JsonObject } from "@isthmus/std";
import { expect, it } from "vitest";
import { profileOf } from "./metrics-profile.ts";
import { parseMetrics } from "./prometheus-text.ts";

const FAMILIES = parseMetrics(`
envoy_cluster_upstream_rq_total{envoy_cluster_name="backend"} 1
envoy_cluster_upstream_rq_total{envoy_cluster_name="kuma_envoy_admin"} 1
envoy_cluster_upstream_cx_active{envoy_cluster_name="ads_cluster"} 1
envoy_server_live 1
envoy_cluster_membership_healthy{envoy_cluster_name="backend"} 1
envoy_cluster_lb_subsets_active{envoy_cluster_name="backend"} 1
`);

const chosen = (profiles?: JsonObject): readonly string[] =>
  FAMILIES.map(profileOf(profiles === undefined ? undefined : { profiles })).flatMap((family) =>
    family === undefined ? [] : [`${family.name} ${family.samples.length}`],
  );

const BASIC = ["envoy_cluster_upstream_rq_total 1", "envoy_server_live 1", "envoy_cluster_membership_healthy 1"];
const ALL = FAMILIES.map(({ name, samples }) => `${name} ${samples.length}`);

it.each<[string, JsonObject | undefined, readonly string[]]>([
  ["what dashboards show, by default", undefined, BASIC],
  ["the same by name", { appendProfiles: [{ name: "Basic" }] }, BASIC],
  ["everything", { appendProfiles: [{ name: "All" }, { name: "Basic" }] }, ALL],
  ["nothing", { appendProfiles: [{ name: "None" }] }, []],
  [
    "what is included beside a profile",
    { appendProfiles: [{ name: "None" }], include: [{ type: "Exact", match: "envoy_server_live" }] },
    ["envoy_server_live 1"],
  ],
  [
    "what is not excluded, unless it is included",
    {
      exclude: [{ type: "Prefix", match: "envoy_" }],
      include: [
        { type: "Contains", match: "membership" },
        { type: "Regex", match: "lb_.*_active$" },
        { type: "Regex", match: "(" },
      ],
    },
    ["envoy_cluster_membership_healthy 1", "envoy_cluster_lb_subsets_active 1"],
  ],
])("gives out %s", (_what, profiles, expected) => {
  expect(chosen(profiles)).toEqual(expected);
});
