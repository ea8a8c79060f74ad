/** Bugs these would find: a result that depends on the order of arrival, or on policies that do not concern it. */
import type { Labels } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { destinationOf, legacyDestination } from "./destination.ts";
import { policiesFor } from "./policies-for.ts";
import type { Policy } from "./policy.ts";
import { proxyOf } from "./proxy.ts";
import { resourceRules } from "./resource-rules.ts";
import { proxyConf } from "./rules/proxy-conf.ts";
import { fromRules } from "./subsets/from-rules.ts";
import { toRules } from "./subsets/to-rules.ts";
import { TargetIndex } from "./target-index.ts";
import { dataplane, policy, resource, service } from "./testing/builders.ts";
import { toConf } from "./to-conf.ts";

const labels: fc.Arbitrary<Labels> = fc.record(
  {
    "kuma.io/origin": fc.constantFrom("global", "zone"),
    "kuma.io/zone": fc.constantFrom("east", "west"),
    "k8s.kuma.io/namespace": fc.constantFrom("demo", "other"),
    "kuma.io/policy-role": fc.constantFrom("system", "producer", "consumer", "workload-owner"),
    "kuma.io/display-name": fc.constantFrom("p", "q"),
  },
  { requiredKeys: [] },
);

const topRef: fc.Arbitrary<JsonObject> = fc.constantFrom<JsonObject>(
  { kind: "Mesh" },
  { kind: "Mesh", proxyTypes: ["Gateway"] },
  { kind: "Dataplane" },
  { kind: "Dataplane", labels: { app: "web" } },
  { kind: "Dataplane", name: "web-1" },
  { kind: "Dataplane", sectionName: "http" },
  { kind: "MeshSubset", tags: { version: "v1" } },
  { kind: "MeshService", name: "web" },
);

const toRef: fc.Arbitrary<JsonObject> = fc.constantFrom<JsonObject>(
  { kind: "Mesh" },
  { kind: "MeshService", name: "backend" },
  { kind: "MeshService", name: "backend", sectionName: "http" },
  { kind: "MeshService", labels: { app: "api" } },
  { kind: "MeshService", name: "other" },
  { kind: "MeshMultiZoneService", name: "backend" },
);

const fromRef: fc.Arbitrary<JsonObject> = fc.constantFrom<JsonObject>(
  { kind: "Mesh" },
  { kind: "MeshService", name: "api" },
  { kind: "MeshSubset", tags: { team: "a", zone: "east" } },
  { kind: "MeshServiceSubset", name: "api", tags: { zone: "east" } },
);

const conf: fc.Arbitrary<JsonObject> = fc.record(
  { a: fc.nat(3), b: fc.record({ c: fc.nat(3) }), appendList: fc.array(fc.nat(3), { maxLength: 2 }) },
  { requiredKeys: [] },
);

/** Names are unique, as in a store. */
const policies: fc.Arbitrary<readonly Policy[]> = fc
  .array(
    fc.record({
      labels,
      targetRef: topRef,
      to: fc.array(fc.record({ targetRef: toRef, default: conf }), { maxLength: 3 }),
      from: fc.array(fc.record({ targetRef: fromRef, default: conf }), { maxLength: 2 }),
      default: conf,
    }),
    { maxLength: 12 },
  )
  .map((all) => all.map((each, index) => policy(`name-${index}`, each)));

const proxy = proxyOf(
  dataplane("web-1", { app: "web", "kuma.io/origin": "zone", "kuma.io/zone": "east", "k8s.kuma.io/namespace": "demo" }),
);
const east = { app: "api", "kuma.io/zone": "east", "k8s.kuma.io/namespace": "demo" };
const destinations = [
  destinationOf(service("backend", east)),
  destinationOf(service("backend", east), "http"),
  destinationOf(service("backend", {}, "MeshMultiZoneService")),
  legacyDestination("default", "backend"),
];
const index = new TargetIndex([
  resource("Mesh", "default", {}),
  service("backend", east),
  service("backend-2", { app: "api" }),
  service("backend", {}, "MeshMultiZoneService"),
]);
const resultOf = (all: readonly Policy[]) => {
  const { matched, warnings } = policiesFor(proxy, all);
  const confs = destinations.map((destination) => {
    const result = toConf(destination, matched);
    return (
      result && {
        ...result,
        entries: result.entries.map(({ policy: each, item }) => [each.resource.name, item.index]),
      }
    );
  });
  const groups = [...proxy.inbounds.map((inbound) => fromRules(matched, inbound)), toRules(matched)].map(({ rules }) =>
    rules.map(({ subset, conf: each, entries }) => [
      subset,
      each,
      entries.map(({ policy: each, item }) => [each.resource.name, item.index]),
    ]),
  );
  const resources = resourceRules(matched, index).map((rule) => [
    rule.resource.name,
    rule.destination.section,
    rule.confs,
  ]);
  return {
    warnings,
    names: matched.map((each) => each.policy.resource.name),
    confs,
    groups,
    resources,
    ofProxy: proxyConf(matched)?.conf,
  };
};

describe("the policies of a proxy", () => {
  it("do not depend on the order of arrival", () => {
    fc.assert(
      fc.property(
        policies.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length }))),
        ([all, shuffled]) => {
          expect(resultOf(shuffled)).toEqual(resultOf(all));
        },
      ),
    );
  });

  it("are untouched by policies for other proxies", () => {
    fc.assert(
      fc.property(policies, toRef, conf, (all, targetRef, value) => {
        const stranger = policy("stranger", {
          targetRef: { kind: "MeshService", name: "nobody" },
          to: [{ targetRef, default: value }],
        });
        expect(resultOf([...all, stranger])).toEqual(resultOf(all));
      }),
    );
  });

  it("give a destination the same configuration whatever is said of other destinations", () => {
    fc.assert(
      fc.property(policies, topRef, labels, conf, (all, targetRef, itsLabels, value) => {
        const to = [{ targetRef: { kind: "MeshExternalService", name: "x" }, default: value }];
        const stranger = policy("stranger", { targetRef, labels: itsLabels, to });
        expect(resultOf([...all, stranger]).confs).toEqual(resultOf(all).confs);
      }),
    );
  });
});
