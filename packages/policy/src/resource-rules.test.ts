import type { Labels } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { destinationOf, meshDestination } from "./destination.ts";
import { type ResourceRule, resourceRules } from "./resource-rules.ts";
import { TargetIndex } from "./target-index.ts";
import { matchedOf, policy, resource, service } from "./testing/builders.ts";
import { toConf } from "./to-conf.ts";

const mesh = resource("Mesh", "default", {});
const east: Labels = { "kuma.io/origin": "zone", "kuma.io/zone": "east" };
const services = [
  service("backend"),
  service("api", { ...east, app: "api", "kuma.io/display-name": "api" }),
  service("api-2", { app: "api", tier: "2" }),
  service("multi", {}, "MeshMultiZoneService"),
  resource("MeshExternalService", "x", { match: { port: 443 } }),
  resource("MeshHTTPRoute", "route", {}),
];
const index = new TargetIndex([mesh, ...services]);
const item = (targetRef: JsonObject, conf: JsonObject): JsonObject => ({ targetRef, default: conf });
const shown = (rules: readonly ResourceRule[]) =>
  rules.map(({ destination, confs, entries }) => [
    `${destination.kri.type} ${destination.kri.name} ${destination.section}`.trim(),
    confs,
    entries.map((each) => `${each.policy.displayName}/${each.item.index}`),
  ]);
const rulesFor = (...to: readonly JsonObject[]) => shown(resourceRules(matchedOf(policy("p", { to })), index));

describe("resource rules", () => {
  it("are for each resource and port that is spoken of, and hold what is said of the mesh", () => {
    expect(
      rulesFor(
        item({ kind: "Mesh" }, { a: 1, b: 1 }),
        item({ kind: "MeshService", name: "backend" }, { b: 2 }),
        item({ kind: "MeshService", name: "backend", sectionName: "http" }, { c: 3 }),
      ),
    ).toEqual([
      ["MeshService backend", [{ a: 1, b: 2 }], ["p/0", "p/1"]],
      ["MeshService backend http", [{ a: 1, b: 2, c: 3 }], ["p/0", "p/1", "p/2"]],
      ["Mesh default", [{ a: 1, b: 1 }], ["p/0"]],
    ]);
  });

  it.each<[string, JsonObject, readonly string[]]>([
    ["labels reach all that carry them", { kind: "MeshService", labels: { app: "api" } }, ["api", "api-2"]],
    ["several labels, those that carry all", { kind: "MeshService", labels: { app: "api", tier: "2" } }, ["api-2"]],
    ["a name of another zone is not found", { kind: "MeshService", name: "api" }, []],
    ["a port that does not exist", { kind: "MeshService", name: "backend", sectionName: "none" }, []],
    ["another kind", { kind: "MeshMultiZoneService", name: "multi", sectionName: "9000" }, ["multi 9000"]],
    ["an external service by its port", { kind: "MeshExternalService", name: "x", sectionName: "443" }, ["x 443"]],
    ["a route", { kind: "MeshHTTPRoute", name: "route", sectionName: "http" }, ["route"]],
    ["tags are not of resources", { kind: "MeshSubset", tags: { app: "api" } }, []],
    ["what is no destination", { kind: "Dataplane", labels: {} }, []],
    ["what does not exist", { kind: "MeshService", name: "gone" }, []],
  ])("%s", (_title, targetRef, expected) => {
    const rules = resourceRules(matchedOf(policy("p", { to: [item(targetRef, {})] })), index);
    expect(rules.map(({ resource: { name }, destination }) => `${name} ${destination.section}`.trim())).toEqual(
      expected,
    );
  });

  it("leave out policies whose own target is a route", () => {
    const route = policy("route", { type: "MeshHTTPRoute" });
    const routed = policy("p", {
      targetRef: { kind: "MeshHTTPRoute", name: "route" },
      to: [item({ kind: "Mesh" }, {})],
    });
    const selection = matchedOf(route)[0]?.selection;
    expect(selection && resourceRules([{ policy: routed, selection }], index)).toEqual([]);
  });

  it("hold what is found for one destination alone", () => {
    const ref = fc.constantFrom<JsonObject>(
      { kind: "Mesh" },
      { kind: "MeshService", name: "backend" },
      { kind: "MeshService", name: "backend", sectionName: "http" },
      { kind: "MeshService", labels: { app: "api" } },
      { kind: "MeshService", labels: { app: "api" }, sectionName: "9000" },
      { kind: "MeshMultiZoneService", name: "multi" },
      { kind: "MeshExternalService", name: "x" },
      { kind: "MeshHTTPRoute", name: "route" },
    );
    const conf = fc.record({ a: fc.nat(3), b: fc.record({ c: fc.nat(3) }) }, { requiredKeys: [] });
    const policies = fc
      .array(
        fc.record({ role: fc.constantFrom("system", "producer"), to: fc.array(fc.tuple(ref, conf), { maxLength: 3 }) }),
      )
      .map((all) =>
        all.map(({ role, to }, place) =>
          policy(`p-${place}`, {
            labels: { "kuma.io/policy-role": role },
            to: to.map(([targetRef, each]) => item(targetRef, each)),
          }),
        ),
      );
    fc.assert(
      fc.property(policies, (all) => {
        const matched = matchedOf(...all);
        const rules = resourceRules(matched, index);
        for (const { destination, confs, entries } of rules) {
          expect(toConf(destination, matched)).toMatchObject({ confs, entries });
        }
        for (const each of [mesh, ...services].flatMap((one) => [destinationOf(one), destinationOf(one, "http")])) {
          const sameKri = (rule: ResourceRule) =>
            rule.destination.kri.name === each.kri.name && rule.destination.type === each.type;
          const found =
            rules.find((rule) => sameKri(rule) && rule.destination.section === each.section) ??
            rules.find((rule) => sameKri(rule) && rule.destination.section === "") ??
            rules.find((rule) => rule.destination.type === "Mesh");
          // Of an external service the only port is the service.
          if (each.type !== "MeshExternalService") expect(toConf(each, matched)?.conf).toEqual(found?.conf);
        }
        expect(toConf(meshDestination("default"), matched)?.conf).toEqual(
          rules.find((rule) => rule.destination.type === "Mesh")?.conf,
        );
      }),
    );
  });
});
