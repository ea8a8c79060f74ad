/** Strategies and clients that the tests of localities share: three affinity tags, three failover rules, clients of zone-1. */
import type { Labels } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { destinationOf } from "../destination.ts";
import { type LocalityClient, type LocalityTarget, localityPlan } from "../load-balancing/locality-plan.ts";
import { policiesFor } from "../policies-for.ts";
import { proxyOf } from "../proxy.ts";
import { type ToConf, toConf } from "../to-conf.ts";
import { dataplane, policy, service } from "./builders.ts";

export const RESOURCE: LocalityTarget = { kind: "resource" };

export function strategy(localityAwareness: JsonObject | undefined, name = "x"): ToConf | undefined {
  const conf = localityAwareness === undefined ? {} : { localityAwareness };
  const p = policy(name, { type: "MeshLoadBalancingStrategy", to: [{ targetRef: { kind: "Mesh" }, default: conf }] });
  return toConf(destinationOf(service("backend")), policiesFor(proxyOf(dataplane()), [p]).matched);
}

export const client = (tags: Record<string, readonly string[]> = {}, labels: Labels = {}): LocalityClient => ({
  zone: "zone-1",
  tags,
  labels,
});

/** `zone[/subZone] priority [weight]`, or `out`. */
export function place(
  c: LocalityClient,
  conf: JsonObject | undefined,
  zone: string,
  tags: Labels = {},
  labels: Labels = {},
  target = RESOURCE,
): string {
  const placement = localityPlan(c, target, conf === undefined ? undefined : strategy(conf)).place({
    zone,
    tags,
    labels,
  });
  if (!placement.isPlaced) return "out";
  const { locality, priority, localityWeight } = placement;
  const subZone = locality?.subZone ? `/${locality.subZone}` : "";
  return `${locality === undefined ? "none" : locality.zone}${subZone} p${priority}${localityWeight === undefined ? "" : ` w${localityWeight}`}`;
}

export const tagged = client({ "k8s.io/node": ["node1"], "k8s.io/az": ["test"], "k8s.io/region": ["test"] });
const keys = ["k8s.io/node", "k8s.io/az", "k8s.io/region"];
export const affinityTags = keys.map((key) => ({ key }));
const weighted = keys.map((key, index) => ({ key, weight: [9000, 900, 90][index] ?? 0 }));
export const failover = [
  { to: { type: "AnyExcept", zones: ["zone-3", "zone-4", "zone-5"] } },
  { from: { zones: ["zone-1"] }, to: { type: "Only", zones: ["zone-3"] } },
  { to: { type: "Only", zones: ["zone-4"] } },
];
export const both: JsonObject = { localZone: { affinityTags: weighted }, crossZone: { failover } };
