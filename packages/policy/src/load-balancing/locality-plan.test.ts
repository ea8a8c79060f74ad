/** The rows are the behaviours of kuma v2.14.3 (meshloadbalancingstrategy/plugin/v1alpha1: plugin, priority). */
import type { Labels } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { destinationOf } from "../destination.ts";
import { policiesFor } from "../policies-for.ts";
import { proxyOf, tagValues } from "../proxy.ts";
import { dataplane, policy, resource, service } from "../testing/builders.ts";
import { type ToConf, toConf } from "../to-conf.ts";
import { type LocalityClient, type LocalityTarget, localityPlan } from "./locality-plan.ts";

const RESOURCE: LocalityTarget = { kind: "resource" };

function strategy(localityAwareness: JsonObject | undefined, name = "x"): ToConf | undefined {
  const conf = localityAwareness === undefined ? {} : { localityAwareness };
  const p = policy(name, { type: "MeshLoadBalancingStrategy", to: [{ targetRef: { kind: "Mesh" }, default: conf }] });
  return toConf(destinationOf(service("backend")), policiesFor(proxyOf(dataplane()), [p]).matched);
}

const client = (tags: Record<string, readonly string[]> = {}, labels: Labels = {}): LocalityClient => ({
  zone: "zone-1",
  tags,
  labels,
});

/** `zone[/subZone] priority [weight]`, or `out`. */
function place(
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

const tagged = client({ "k8s.io/node": ["node1"], "k8s.io/az": ["test"], "k8s.io/region": ["test"] });
const keys = ["k8s.io/node", "k8s.io/az", "k8s.io/region"];
const affinityTags = keys.map((key) => ({ key }));
const weighted = keys.map((key, index) => ({ key, weight: [9000, 900, 90][index] ?? 0 }));
const failover = [
  { to: { type: "AnyExcept", zones: ["zone-3", "zone-4", "zone-5"] } },
  { from: { zones: ["zone-1"] }, to: { type: "Only", zones: ["zone-3"] } },
  { to: { type: "Only", zones: ["zone-4"] } },
];
const both: JsonObject = { localZone: { affinityTags: weighted }, crossZone: { failover } };

describe("without groups", () => {
  it.each<[string, JsonObject | undefined, string, string]>([
    ["no policy, own zone", undefined, "zone-1", "zone-1 p0"],
    ["no policy, other zone", undefined, "zone-2", "zone-2 p1"],
    ["no policy, no zone", undefined, "", "none p0"],
    ["enabled, other zone", { disabled: false }, "zone-2", "zone-2 p1"],
    ["empty, other zone", {}, "zone-2", "zone-2 p1"],
    ["disabled, other zone", { disabled: true }, "zone-2", "zone-2 p0"],
    ["disabled, own zone", { disabled: true }, "zone-1", "zone-1 p0"],
  ])("%s", (_title, awareness, zone, expected) => {
    expect(place(client(), awareness, zone)).toBe(expected);
  });

  it.each<[string, boolean, JsonObject | undefined, string]>([
    ["zone-blind mesh", false, undefined, "zone-2 p0"],
    ["zone-aware mesh", true, undefined, "zone-2 p1"],
    ["zone-blind mesh, a policy", false, {}, "zone-2 p1"],
    ["zone-aware mesh, policy disables", true, { disabled: true }, "zone-2 p0"],
  ])("legacy service: %s", (_title, isLocalityAware, awareness, expected) => {
    const target: LocalityTarget = { kind: "legacy", isLocalityAware, isThroughEgress: false };
    expect(place(client(), awareness, "zone-2", {}, {}, target)).toBe(expected);
  });
});

describe("affinity tags of the own zone", () => {
  it.each<[string, LocalityClient, JsonObject, Labels, Labels, string]>([
    ["first tag", tagged, both, { "k8s.io/node": "node1" }, {}, "zone-1/k8s.io/node=node1 p0 w9000"],
    ["another value", tagged, both, { "k8s.io/node": "node2" }, {}, "zone-1 p0 w1"],
    ["second tag", tagged, both, { "k8s.io/az": "test" }, {}, "zone-1/k8s.io/az=test p0 w900"],
    ["third tag", tagged, both, { "k8s.io/region": "test" }, {}, "zone-1/k8s.io/region=test p0 w90"],
    [
      "first of several tags",
      tagged,
      both,
      { "k8s.io/region": "test", "k8s.io/az": "test" },
      {},
      "zone-1/k8s.io/az=test p0 w900",
    ],
    [
      "default weight, first of three",
      tagged,
      { localZone: { affinityTags } },
      { "k8s.io/node": "node1" },
      {},
      "zone-1/k8s.io/node=node1 p0 w900",
    ],
    [
      "default weight, second",
      tagged,
      { localZone: { affinityTags } },
      { "k8s.io/az": "test" },
      {},
      "zone-1/k8s.io/az=test p0 w90",
    ],
    [
      "default weight, third",
      tagged,
      { localZone: { affinityTags } },
      { "k8s.io/region": "test" },
      {},
      "zone-1/k8s.io/region=test p0 w9",
    ],
    ["the client lacks the tag", client(), both, { "k8s.io/node": "node1" }, {}, "zone-1 p0 w1"],
    [
      "a client without the first tag: the second keeps its weight",
      client({ "k8s.io/az": ["test"] }),
      { localZone: { affinityTags } },
      { "k8s.io/az": "test" },
      {},
      "zone-1/k8s.io/az=test p0 w90",
    ],
    [
      "labels of both",
      client({}, { "k8s.io/node": "node1" }),
      both,
      {},
      { "k8s.io/node": "node1" },
      "zone-1/k8s.io/node=node1 p0 w9000",
    ],
    [
      "the client's tag goes before its label",
      client({ "k8s.io/node": ["a"] }, { "k8s.io/node": "b" }),
      both,
      { "k8s.io/node": "b" },
      {},
      "zone-1 p0 w1",
    ],
    [
      "the endpoint's tag hides its label",
      tagged,
      both,
      { "k8s.io/node": "node2" },
      { "k8s.io/node": "node1" },
      "zone-1 p0 w1",
    ],
    [
      "the first of several values",
      client({ "k8s.io/node": ["b", "a"] }),
      both,
      { "k8s.io/node": "a" },
      {},
      "zone-1/k8s.io/node=a p0 w9000",
    ],
    ["only crossZone set", tagged, { crossZone: { failover } }, { "k8s.io/node": "node1" }, {}, "zone-1 p0 w1"],
    ["localZone without tags", tagged, { localZone: {} }, { "k8s.io/node": "node1" }, {}, "zone-1 p0 w1"],
  ])("%s", (_title, c, awareness, tags, labels, expected) => {
    expect(place(c, awareness, "zone-1", tags, labels)).toBe(expected);
  });

  it("asks for weights only when there are tags", () => {
    const uses = [both, { localZone: {} }, { crossZone: { failover } }, { disabled: true }].map(
      (awareness) => localityPlan(tagged, RESOURCE, strategy(awareness)).usesLocalityWeights,
    );
    expect(uses).toEqual([true, false, false, false]);
  });

  it("takes the client's values from its inbounds and its gateway", () => {
    const gateway = { tags: { node: "c", kind: "gw" } };
    const inbound = [
      { port: 1, tags: { node: "b" } },
      { port: 2, tags: { node: "a" } },
    ];
    const values = tagValues(proxyOf(resource("Dataplane", "d", { networking: { inbound, gateway } })));
    expect(values).toEqual({ node: ["a", "b", "c"], kind: ["gw"] });
  });
});

describe("failover rules", () => {
  it.each<[string, JsonObject, string, string]>([
    ["AnyExcept, not listed", both, "zone-2", "zone-2 p1"],
    ["Only, with from", both, "zone-3", "zone-3 p2"],
    ["Only, third rule", both, "zone-4", "zone-4 p3"],
    ["no rule", both, "zone-5", "out"],
    ["localZone alone keeps traffic at home", { localZone: { affinityTags } }, "zone-2", "out"],
    ["an empty localZone does too", { localZone: {} }, "zone-2", "out"],
    ["crossZone without rules", { crossZone: {} }, "zone-2", "out"],
    ["an empty list of rules", { crossZone: { failover: [] } }, "zone-2", "out"],
    ["Any", { crossZone: { failover: [{ to: { type: "Any" } }] } }, "zone-9", "zone-9 p1"],
    ["None alone", { crossZone: { failover: [{ to: { type: "None" } }] } }, "zone-2", "out"],
    [
      "None does not end the search",
      { crossZone: { failover: [{ to: { type: "None" } }, { to: { type: "Any" } }] } },
      "zone-2",
      "zone-2 p2",
    ],
    [
      "a rule for other zones leaves its priority free",
      { crossZone: { failover: [{ from: { zones: ["zone-9"] }, to: { type: "Any" } }, { to: { type: "Any" } }] } },
      "zone-2",
      "zone-2 p2",
    ],
    [
      "the first rule wins",
      { crossZone: { failover: [{ to: { type: "Only", zones: ["zone-2"] } }, { to: { type: "Any" } }] } },
      "zone-2",
      "zone-2 p1",
    ],
    ["Only nothing", { crossZone: { failover: [{ to: { type: "Only" } }] } }, "zone-2", "out"],
    ["AnyExcept nothing", { crossZone: { failover: [{ to: { type: "AnyExcept" } }] } }, "zone-2", "zone-2 p1"],
    ["disabled changes nothing beside groups", { disabled: true, ...both }, "zone-2", "zone-2 p1"],
    ["no zone counts as a zone of that name: Any", { crossZone: { failover: [{ to: { type: "Any" } }] } }, "", " p1"],
    ["no zone: Only", both, "", " p1"],
    [
      "a type of a later version leads nowhere",
      { crossZone: { failover: [{ to: { type: "Nearest" } }] } },
      "zone-2",
      "out",
    ],
  ])("%s", (_title, awareness, zone, expected) => {
    expect(place(client(), awareness, zone)).toBe(expected);
  });

  it("puts legacy services behind the egress into one locality named after the rules", () => {
    const target: LocalityTarget = { kind: "legacy", isLocalityAware: false, isThroughEgress: true };
    expect(place(tagged, both, "zone-2", {}, {}, target)).toBe("egress_+9ESnM2K p1");
    expect(place(tagged, both, "zone-5", {}, {}, target)).toBe("egress_+9ESnM2K p1");
    expect(place(tagged, both, "zone-1", { "k8s.io/az": "test" }, {}, target)).toBe("zone-1/k8s.io/az=test p0 w900");
    const any = { crossZone: { failover: [{ to: { type: "Any" } }] } };
    expect(place(tagged, any, "zone-2", {}, {}, target)).not.toBe("egress_+9ESnM2K p1");
  });
});

describe("overprovisioning factor", () => {
  it.each<[string, JsonObject | undefined, number | undefined]>([
    ["no policy", undefined, undefined],
    ["no groups", { disabled: false }, undefined],
    ["groups without a threshold", both, 200],
    ["localZone alone", { localZone: {} }, 200],
    ["50 %", threshold(50), 200],
    ["25 %", threshold("25"), 400],
    ["33.3 %", threshold("33.3"), 300],
    ["70 %: whole numbers only", threshold(70), 100],
    ["99 %", threshold("99"), 100],
    ["100 %", threshold(100), 100],
    ["0.5 %", threshold("0.5"), 20_000],
    ["0", threshold(0), 200],
    ["no number", threshold("half"), 200],
    ["beyond the range", threshold(200), 100],
  ])("%s", (_title, awareness, expected) => {
    const conf = awareness === undefined ? undefined : strategy(awareness);
    expect(localityPlan(client(), RESOURCE, conf).overprovisioningFactor).toBe(expected);
  });
});

function threshold(percentage: string | number): JsonObject {
  return { crossZone: { failoverThreshold: { percentage } } };
}

describe("reasons", () => {
  const reason = (awareness: JsonObject | undefined, zone: string, tags: Labels = {}): string =>
    localityPlan(tagged, RESOURCE, awareness === undefined ? undefined : strategy(awareness)).place({
      zone,
      tags,
      labels: {},
    }).reason;

  it.each<[string, JsonObject | undefined, string, Labels, string]>([
    ["own zone", undefined, "zone-1", {}, "own zone"],
    ["other zone by default", undefined, "zone-2", {}, "zone zone-2; the own zone goes first"],
    ["no zone", undefined, "", {}, "belongs to no zone"],
    [
      "disabled",
      { disabled: true },
      "zone-2",
      {},
      "zone zone-2; localityAwareness is disabled by MeshLoadBalancingStrategy default/x",
    ],
    [
      "affinity",
      both,
      "zone-1",
      { "k8s.io/az": "test" },
      "own zone; shares affinity tag k8s.io/az=test of MeshLoadBalancingStrategy default/x",
    ],
    [
      "failover",
      both,
      "zone-3",
      {},
      "failover rule 2 of MeshLoadBalancingStrategy default/x: type Only zones [zone-3]",
    ],
    [
      "failover to any",
      { crossZone: { failover: [{ to: { type: "Any" } }] } },
      "zone-3",
      {},
      "failover rule 1 of MeshLoadBalancingStrategy default/x: type Any",
    ],
    [
      "no rules",
      { localZone: {} },
      "zone-2",
      {},
      "MeshLoadBalancingStrategy default/x sets localityAwareness without failover rules: other zones get no traffic",
    ],
    [
      "no rule fits",
      {
        crossZone: {
          failover: [
            { from: { zones: ["zone-7"] }, to: { type: "Any" } },
            { to: { type: "None" } },
            { to: { type: "Only", zones: ["zone-3"] } },
          ],
        },
      },
      "zone-2",
      {},
      "no failover rule of MeshLoadBalancingStrategy default/x leads from zone zone-1 to zone zone-2: rule 1 is for zones [zone-7]; rule 2 is type None; rule 3 is type Only zones [zone-3]",
    ],
  ])("%s", (_title, awareness, zone, tags, expected) => {
    expect(reason(awareness, zone, tags)).toBe(expected);
  });

  it("name the policy that decided, not every policy that was merged", () => {
    const item = (conf: JsonObject) => [{ targetRef: { kind: "Mesh" }, default: { localityAwareness: conf } }];
    const type = "MeshLoadBalancingStrategy";
    const { matched } = policiesFor(proxyOf(dataplane()), [
      policy("a-local", { type, to: item({ localZone: { affinityTags } }) }),
      policy("b-cross", { type, to: item({ crossZone: { failover } }) }),
    ]);
    const plan = localityPlan(tagged, RESOURCE, toConf(destinationOf(service("s")), matched));
    expect(plan.place({ zone: "zone-2", tags: {}, labels: {} }).decidedBy?.policy.displayName).toBe("b-cross");
    expect(
      plan.place({ zone: "zone-1", tags: { "k8s.io/node": "node1" }, labels: {} }).decidedBy?.policy.displayName,
    ).toBe("a-local");
    expect(plan.place({ zone: "zone-1", tags: {}, labels: {} }).decidedBy).toBeUndefined();
  });
});

it("reads what a peer did not check without failing", () => {
  const odd = [
    { localZone: { affinityTags: "x" } },
    { localZone: 1, crossZone: { failover: [1, { to: 2 }, { to: { type: "Only", zones: [3] } }] } },
  ];
  for (const awareness of odd) {
    expect(
      localityPlan(client(), RESOURCE, strategy(awareness as JsonObject)).place({
        zone: "zone-2",
        tags: {},
        labels: {},
      }).isPlaced,
    ).toBe(false);
  }
});
