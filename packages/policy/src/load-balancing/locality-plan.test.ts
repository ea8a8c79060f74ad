/** The rows are the behaviours of kuma v2.14.3 (meshloadbalancingstrategy/plugin/v1alpha1: plugin, priority). */
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { affinityTags, both, client, place, RESOURCE, strategy, tagged } from "../testing/localities.ts";
import { type LocalityTarget, localityPlan } from "./locality-plan.ts";

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
