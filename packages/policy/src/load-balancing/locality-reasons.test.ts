/** The sentences that explain shows. */
import type { Labels } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { destinationOf } from "../destination.ts";
import { policiesFor } from "../policies-for.ts";
import { proxyOf } from "../proxy.ts";
import { dataplane, policy, service } from "../testing/builders.ts";
import { affinityTags, both, failover, RESOURCE, strategy, tagged } from "../testing/localities.ts";
import { toConf } from "../to-conf.ts";
import { localityPlan } from "./locality-plan.ts";

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
