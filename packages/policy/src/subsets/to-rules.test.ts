import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { egressFromRules, egressToRules } from "../egress-policies.ts";
import { policiesFor } from "../policies-for.ts";
import { policyOf } from "../policy.ts";
import { proxyOf } from "../proxy.ts";
import { matchesHash } from "../routes/matches-hash.ts";
import { dataplane, matchedOf, policy, resource } from "../testing/builders.ts";
import { ruleForTags, type SubsetRule } from "./subset-rules.ts";
import { ROUTE_TAG, toRules } from "./to-rules.ts";

const item = (targetRef: JsonObject, conf: JsonObject = {}): JsonObject => ({ targetRef, default: conf });
const tagsOf = (rules: readonly SubsetRule[]) =>
  rules.map(({ subset }) => subset.map(({ key, value, not }) => `${key}${not ? "!=" : "="}${value}`).join(" "));

describe("rules for destinations by tags", () => {
  it("are for those that are named, the particular first, without saying what others are not", () => {
    const to = [
      item({ kind: "Mesh" }, { a: 1, b: 1 }),
      item({ kind: "MeshService", name: "s" }, { b: 2 }),
      item({ kind: "MeshService", name: "t" }),
      item({ kind: "MeshExternalService", name: "x" }),
    ];
    const { rules } = toRules(matchedOf(policy("p", { to })));
    expect(tagsOf(rules)).toEqual(["kuma.io/service=s", "kuma.io/service=t", ""]);
    expect(ruleForTags(rules, { "kuma.io/service": "s" })?.conf).toEqual({ a: 1, b: 2 });
    expect(ruleForTags(rules, { "kuma.io/service": "other" })?.conf).toEqual({ a: 1, b: 1 });
  });

  it("lose a policy that speaks of a route", () => {
    const to = [item({ kind: "Mesh" }), item({ kind: "MeshHTTPRoute", name: "r" })];
    expect(toRules(matchedOf(policy("p", { to }))).rules).toEqual([]);
  });

  it("stand for the rules of a route that the policy targets", () => {
    const matches = [{ path: { type: "Exact", value: "/" } }];
    const route = (kind: string) =>
      policyOf(
        resource("MeshHTTPRoute", "r", {
          to: [{ targetRef: { kind, ...(kind === "Mesh" ? {} : { name: "s" }) }, rules: [{ matches, default: {} }] }],
        }),
      );
    const routed = policy("p", {
      targetRef: { kind: "MeshHTTPRoute", name: "r" },
      to: [item({ kind: "Mesh" }, { a: 1 })],
    });
    const shown = (kind: string) => {
      const routes = [route(kind)];
      return toRules(policiesFor(proxyOf(dataplane()), [routed], { routes }).matched, routes).rules;
    };
    const hash = matchesHash(matches);
    expect(tagsOf(shown("Mesh"))).toEqual([`${ROUTE_TAG}=${hash}`]);
    expect(ruleForTags(shown("MeshService"), { "kuma.io/service": "s", [ROUTE_TAG]: hash })?.conf).toEqual({ a: 1 });
    expect(ruleForTags(shown("MeshService"), { "kuma.io/service": "s" })).toBeUndefined();
  });
});

describe("on an egress", () => {
  const tags = { "kuma.io/service": "ext", region: "eu" };
  it.each<[string, JsonObject, boolean]>([
    ["Mesh", { kind: "Mesh" }, true],
    ["the service", { kind: "MeshService", name: "ext" }, true],
    ["another", { kind: "MeshService", name: "other" }, false],
    ["its tags", { kind: "MeshSubset", tags: { region: "eu" } }, true],
    ["other tags", { kind: "MeshSubset", tags: { region: "us" } }, false],
    ["service and tags", { kind: "MeshServiceSubset", name: "ext", tags: { region: "*" } }, true],
    ["a kind without tags", { kind: "Dataplane" }, false],
  ])("a policy counts when it targets %s", (_title, targetRef, counts) => {
    const from = policy("p", { targetRef, from: [item({ kind: "MeshService", name: "web" }, { a: 1 })] });
    expect(egressFromRules(tags, [from]).rules.length > 0).toBe(counts);
    const to = policy("p", { targetRef: { kind: "MeshService", name: "web" }, to: [item(targetRef, { a: 1 })] });
    expect(tagsOf(egressToRules(tags, [to]).rules)).toEqual(counts ? ["kuma.io/service=web"] : []);
  });

  it("shadow policies do not count", () => {
    const shadow = policy("p", { labels: { "kuma.io/effect": "shadow" }, from: [item({ kind: "Mesh" })] });
    expect(egressFromRules(tags, [shadow]).rules).toEqual([]);
  });
});
