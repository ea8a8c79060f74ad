/** The rows are the behaviours of kuma v2.14.3 (meshloadbalancingstrategy/plugin/v1alpha1: plugin, priority). */
import type { Labels } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { proxyOf, tagValues } from "../proxy.ts";
import { resource } from "../testing/builders.ts";
import { affinityTags, both, client, failover, place, RESOURCE, strategy, tagged } from "../testing/localities.ts";
import { type LocalityClient, localityPlan } from "./locality-plan.ts";

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
