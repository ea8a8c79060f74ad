/** kds-wire "Filters", rule by rule. */
import type { Labels } from "@isthmus/resources";
import { describe, expect, it } from "vitest";
import { descriptorOf, makeResource as make, registry } from "../testing/make-resource.ts";
import { isEntitled } from "./audience.ts";
import { audienceTowardsGlobal, audienceTowardsZones } from "./audience-of.ts";
import {
  ALL_FEATURES,
  FEATURE_HG_MZ_SELECTOR,
  FEATURE_OPTIONAL_TOP_LEVEL_TARGET_REF,
  FEATURE_PRODUCER_POLICY_FLOW,
  type FeatureSet,
} from "./features.ts";

type Given = Parameters<typeof make>[1];

const ZONES = ["east", "west", "south"];
const ALL = "east,west,south";

/** The zones among east, west and south that get the resource, as a list. */
function receivers(
  type: string,
  given: Given,
  options: { disabled?: readonly string[]; features?: FeatureSet } = {},
): string {
  const { disabled = [], features = ALL_FEATURES } = options;
  const audience = audienceTowardsZones(descriptorOf(type), make(type, given), (zone) => !disabled.includes(zone));
  return ZONES.filter((zone) => isEntitled(audience, { zone, features })).join();
}

const zoneLabels = (zone: string, more: Labels = {}): Labels => ({
  "kuma.io/origin": "zone",
  "kuma.io/zone": zone,
  ...more,
});
const without = (feature: FeatureSet): FeatureSet => ALL_FEATURES & ~feature;

describe("1: the label kuma.io/kds-sync", () => {
  it.each(["MeshTimeout", "Config", "GlobalSecret", "Mesh"])(
    "disabled keeps a %s at home, enabled does not",
    (type) => {
      const name = type === "Config" ? "kuma-cluster-id" : "a";
      expect(receivers(type, { name, labels: { "kuma.io/kds-sync": "disabled" } })).toBe("");
      expect(receivers(type, { name, labels: { "kuma.io/kds-sync": "enabled" }, spec: { targetRef: {} } })).toBe(ALL);
    },
  );
});

describe("2: of Config only the cluster id", () => {
  it.each([
    ["kuma-cluster-id", ALL],
    ["kuma-internal-config", ""],
    ["kuma-cluster-id-2", ""],
  ])("%s -> %s", (name, zones) => {
    expect(receivers("Config", { name })).toBe(zones);
  });

  it("whatever its origin: the decision is final", () => {
    expect(receivers("Config", { name: "kuma-cluster-id", labels: zoneLabels("east") })).toBe(ALL);
  });
});

describe("3: private global secrets stay", () => {
  it.each([
    ["envoy-admin-ca", ""],
    ["admin-user-token", ""],
    ["inter-cp-ca", ""],
    ["user-token-revocations", ""],
    ["user-token-signing-key", ""],
    ["user-token-signing-key-7", ""],
    ["zone-token-signing-key-1", ALL],
    ["zone-token-revocations", ALL],
    ["envoy-admin-ca-2", ALL],
    ["my-secret", ALL],
  ])("%s -> %s", (name, zones) => {
    expect(receivers("GlobalSecret", { name })).toBe(zones);
  });

  it("a Secret of a mesh has no such names", () => {
    expect(receivers("Secret", { name: "envoy-admin-ca" })).toBe(ALL);
  });
});

describe("4: what originated on the global", () => {
  it.each(registry.towardsZones().map((type) => type.name))("%s goes to every zone iff global -> zone", (type) => {
    const { providedByGlobal, consumedByZone } = descriptorOf(type).kds;
    const given = { name: type === "Config" ? "kuma-cluster-id" : "a", spec: { targetRef: { kind: "Mesh" } } };
    const expected = providedByGlobal && consumedByZone ? ALL : "";
    expect(receivers(type, given)).toBe(expected);
    expect(receivers(type, { ...given, labels: { "kuma.io/origin": "global" } })).toBe(expected);
  });

  it("also to disabled zones", () => {
    expect(receivers("Mesh", {}, { disabled: ZONES })).toBe(ALL);
    expect(receivers("MeshTimeout", { spec: {} }, { disabled: ZONES })).toBe(ALL);
  });

  it("secrets to every zone, whatever mesh it uses", () => {
    expect(receivers("Secret", { mesh: "other", name: "ca-builtin-key-ca-1" })).toBe(ALL);
  });

  it("a policy without top-level targetRef only to zones that understand it", () => {
    const features = without(FEATURE_OPTIONAL_TOP_LEVEL_TARGET_REF);
    expect(receivers("MeshTimeout", { spec: {} }, { features })).toBe("");
    expect(receivers("MeshTimeout", { spec: { targetRef: { kind: "Mesh" } } }, { features })).toBe(ALL);
    expect(receivers("MeshTimeout", { spec: {} })).toBe(ALL);
  });

  it("a legacy policy or a service is no plugin policy", () => {
    const features = without(FEATURE_OPTIONAL_TOP_LEVEL_TARGET_REF);
    expect(receivers("TrafficPermission", { spec: {} }, { features })).toBe(ALL);
    expect(receivers("MeshExternalService", { spec: {} }, { features })).toBe(ALL);
  });
});

describe("5: what originated in a zone", () => {
  const across = ["ZoneIngress", "MeshService", "MeshZoneAddress"];

  it.each(across)("%s goes to every zone but its home", (type) => {
    expect(receivers(type, { labels: zoneLabels("east") })).toBe("west,south");
  });

  it.each(across)("%s is withdrawn while its home is disabled, and from there alone", (type) => {
    const given = { labels: zoneLabels("east") };
    expect(receivers(type, given, { disabled: ["east"] })).toBe("");
    expect(receivers(type, given, { disabled: ["west"] })).toBe("west,south");
  });

  it.each(["MeshExternalService", "HostnameGenerator", "MeshTrust", "MeshGateway", "MeshIdentity"])(
    "a %s of a zone goes nowhere: it is not across zones",
    (type) => {
      expect(receivers(type, { labels: zoneLabels("east"), spec: { targetRef: {} } })).toBe("");
    },
  );

  it("the home is the zone label, else the name up to the first dot", () => {
    expect(receivers("ZoneIngress", { name: "west.ingress.x", labels: { "kuma.io/origin": "zone" } })).toBe(
      "east,south",
    );
    expect(receivers("ZoneIngress", { name: "west.ingress", labels: zoneLabels("east") })).toBe("west,south");
  });

  it("a zone that does not exist on the global counts as enabled", () => {
    expect(receivers("MeshService", { labels: zoneLabels("gone") })).toBe(ALL);
  });
});

describe("5: producer policies", () => {
  const producer = {
    labels: zoneLabels("east", { "kuma.io/policy-role": "producer", "k8s.kuma.io/namespace": "shop" }),
    spec: { targetRef: { kind: "Mesh" }, to: [{ targetRef: { kind: "MeshService", name: "cart" } }] },
  };

  it("go to every zone but their home", () => {
    expect(receivers("MeshTimeout", producer)).toBe("west,south");
    expect(receivers("MeshTimeout", producer, { disabled: ["east"] })).toBe("");
  });

  it("go only to zones that take them", () => {
    expect(receivers("MeshTimeout", producer, { features: without(FEATURE_PRODUCER_POLICY_FLOW) })).toBe("");
    const { targetRef: _, ...spec } = producer.spec;
    const features = without(FEATURE_OPTIONAL_TOP_LEVEL_TARGET_REF);
    expect(receivers("MeshTimeout", { ...producer, spec }, { features })).toBe("");
    expect(receivers("MeshTimeout", { ...producer, spec })).toBe("west,south");
  });

  const to = (...targetRefs: readonly Record<string, string>[]) => ({
    spec: { targetRef: { kind: "Mesh" }, to: targetRefs.map((targetRef) => ({ targetRef })) },
  });
  it.each<[string, Given, string]>([
    [
      "to a service of the same namespace, named",
      to({ kind: "MeshService", name: "a", namespace: "shop" }),
      "west,south",
    ],
    ["to a route", to({ kind: "MeshHTTPRoute", name: "a" }), "west,south"],
    ["to a service of another namespace", to({ kind: "MeshService", name: "a", namespace: "other" }), ""],
    ["to a service without a name", to({ kind: "MeshService" }), ""],
    ["to the whole mesh", to({ kind: "Mesh" }), ""],
    ["to a MeshMultiZoneService", to({ kind: "MeshMultiZoneService", name: "a" }), ""],
    ["to own and foreign services mixed", to({ kind: "MeshService", name: "a" }, { kind: "Mesh" }), ""],
    ["to nothing", to(), ""],
    ["with from", { spec: { ...producer.spec, from: [{ targetRef: { kind: "Mesh" } }] } }, ""],
    ["without the role label", { labels: zoneLabels("east", { "k8s.kuma.io/namespace": "shop" }) }, ""],
    ["with the role consumer", { labels: { ...producer.labels, "kuma.io/policy-role": "consumer" } }, ""],
    ["from a Universal zone: no namespace", { labels: zoneLabels("east", { "kuma.io/policy-role": "producer" }) }, ""],
  ])("%s", (_, given, zones) => {
    expect(receivers("MeshTimeout", { ...producer, ...given })).toBe(zones);
  });

  it.each<[string, string]>([
    ["west", "west"],
    ["east", ""],
    ["nowhere", ""],
  ])("a top-level MeshSubset of zone %s restricts them to it", (zone, zones) => {
    const targetRef = { kind: "MeshSubset", tags: { "kuma.io/zone": zone, "kuma.io/service": "web" } };
    expect(receivers("MeshTimeout", { ...producer, spec: { ...producer.spec, targetRef } })).toBe(zones);
  });

  it("a MeshSubset without zone, or another kind, restricts nothing", () => {
    for (const targetRef of [
      { kind: "MeshSubset", tags: { team: "a" } },
      { kind: "Mesh", tags: { "kuma.io/zone": "west" } },
    ]) {
      expect(receivers("MeshTimeout", { ...producer, spec: { ...producer.spec, targetRef } })).toBe("west,south");
    }
  });
});

describe("7: HostnameGenerators that select MeshMultiZoneServices", () => {
  it("go only to zones that know the selector", () => {
    const selecting = { spec: { selector: { meshMultiZoneService: { matchLabels: {} } } } };
    const plain = { spec: { selector: { meshService: { matchLabels: {} } } } };
    const features = without(FEATURE_HG_MZ_SELECTOR);
    expect(receivers("HostnameGenerator", selecting)).toBe(ALL);
    expect(receivers("HostnameGenerator", selecting, { features })).toBe("");
    expect(receivers("HostnameGenerator", plain, { features })).toBe(ALL);
  });
});

describe("what a zone sends to its global", () => {
  it.each<[string, Labels, boolean]>([
    ["no labels", {}, true],
    ["its own", { "kuma.io/origin": "zone" }, true],
    ["an empty origin", { "kuma.io/origin": "" }, true],
    ["what came from the global", { "kuma.io/origin": "global" }, false],
    ["what is kept at home", { "kuma.io/origin": "zone", "kuma.io/kds-sync": "disabled" }, false],
    ["consumer policies too", { "kuma.io/policy-role": "consumer" }, true],
  ])("%s", (_, labels, isSent) => {
    const audience = audienceTowardsGlobal(make("MeshTimeout", { labels }));
    expect(isEntitled(audience, { zone: "east", features: 0 })).toBe(isSent);
  });
});

describe("the lists of types", () => {
  it("are Kuma's: 45 towards zones, 31 towards the global", () => {
    expect(registry.towardsZones()).toHaveLength(45);
    expect(registry.towardsGlobal()).toHaveLength(31);
  });

  it("never hold what each control plane keeps for itself", () => {
    const names = new Set([...registry.towardsZones(), ...registry.towardsGlobal()].map((type) => type.name));
    for (const type of ["Zone", "ZoneInsight", "MeshInsight"]) expect(names.has(type)).toBe(false);
  });
});
