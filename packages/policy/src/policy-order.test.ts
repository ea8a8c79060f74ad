import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import type { Policy } from "./policy.ts";
import { compareEntries, comparePolicies, sortEntries, sortPolicies, type ToEntry } from "./policy-order.ts";
import { policy } from "./testing/builders.ts";

const entriesOf = (...policies: readonly Policy[]): ToEntry[] =>
  policies.flatMap((each) => each.to.map((item) => ({ policy: each, item })));
const to = (...targetRefs: readonly JsonObject[]) => ({ to: targetRefs.map((targetRef) => ({ targetRef })) });

/** Each row lists policies from the lowest to the highest precedence; every pair must compare so. */
const ascending: readonly (readonly [string, readonly Policy[]])[] = [
  [
    "kind of the top-level targetRef",
    [
      policy("p", { targetRef: { kind: "Unknown" } }),
      policy("p"),
      policy("p", { targetRef: { kind: "Dataplane" } }),
      policy("p", { targetRef: { kind: "MeshSubset" } }),
      policy("p", { targetRef: { kind: "MeshGateway" } }),
      policy("p", { targetRef: { kind: "MeshService" } }),
      policy("p", { targetRef: { kind: "MeshExternalService" } }),
      policy("p", { targetRef: { kind: "MeshMultiZoneService" } }),
      policy("p", { targetRef: { kind: "MeshServiceSubset" } }),
      policy("p", { targetRef: { kind: "MeshHTTPRoute" } }),
    ],
  ],
  [
    "Dataplane: labels, labels and section, name, name and section",
    [
      policy("p", { targetRef: { kind: "Dataplane", labels: {} } }),
      policy("p", { targetRef: { kind: "Dataplane", labels: { a: "b" }, sectionName: "s" } }),
      policy("p", { targetRef: { kind: "Dataplane", name: "n" } }),
      policy("p", { targetRef: { kind: "Dataplane", name: "n", sectionName: "s" } }),
    ],
  ],
  [
    "origin",
    [
      policy("a", { labels: { "kuma.io/origin": "global" } }),
      policy("b"),
      policy("c", { labels: { "kuma.io/origin": "zone" } }),
    ],
  ],
  [
    "role",
    ["", "producer", "consumer", "workload-owner"].map((role) =>
      policy("p", { labels: { "kuma.io/policy-role": role } }),
    ),
  ],
  ["name, backwards", [policy("c"), policy("b"), policy("a")]],
  [
    "display name before name",
    [
      policy("a", { labels: { "kuma.io/display-name": "y" } }),
      policy("b", { labels: { "kuma.io/display-name": "x" } }),
    ],
  ],
  [
    "kind before origin",
    [
      policy("p", { labels: { "kuma.io/origin": "zone" } }),
      policy("p", { targetRef: { kind: "MeshSubset" }, labels: { "kuma.io/origin": "global" } }),
    ],
  ],
  [
    "origin before role",
    [
      policy("p", { labels: { "kuma.io/origin": "global", "kuma.io/policy-role": "workload-owner" } }),
      policy("p", { labels: { "kuma.io/origin": "zone", "kuma.io/policy-role": "system" } }),
    ],
  ],
  ["role before name", [policy("a"), policy("z", { labels: { "kuma.io/policy-role": "consumer" } })]],
];

describe.each(ascending)("%s", (_title, policies) => {
  it("orders policies", () => {
    for (const [index, lower] of policies.entries()) {
      for (const higher of policies.slice(index + 1)) {
        expect(comparePolicies(lower, higher)).toBeLessThan(0);
        expect(comparePolicies(higher, lower)).toBeGreaterThan(0);
      }
    }
  });

  it("orders their items before the items' own targets count", () => {
    // All but the last key, the name, goes before the destination.
    if (_title.includes("backwards") || _title.includes("display name before")) return;
    const withItem = (each: Policy, kind: string): ToEntry => ({
      policy: each,
      item: { index: 0, conf: {}, targetRef: { ...each.targetRef, kind } },
    });
    for (const [index, lower] of policies.entries()) {
      for (const higher of policies.slice(index + 1)) {
        expect(compareEntries(withItem(lower, "MeshHTTPRoute"), withItem(higher, "Mesh"))).toBeLessThan(0);
      }
    }
  });
});

describe("policies of a MeshGateway", () => {
  const gateway = (name: string, tags: JsonObject, labels = {}) =>
    policy(name, { targetRef: { kind: "MeshGateway", name: "g", tags }, labels, ...to({ kind: "Mesh" }) });
  const plain = gateway("a", {}, { "kuma.io/policy-role": "consumer" });
  const tagged = gateway("b", { x: "1" });

  it("count listener tags before the role", () => {
    expect(comparePolicies(plain, tagged)).toBeLessThan(0);
  });

  it("count them last for items", () => {
    const [a, b] = entriesOf(plain, tagged);
    expect(a !== undefined && b !== undefined && compareEntries(a, b)).toBeGreaterThan(0);
  });
});

describe("sortEntries", () => {
  const names = (entries: readonly ToEntry[]): readonly string[] =>
    entries.map(({ policy: { displayName }, item }) => `${displayName}/${item.index}`);

  it("goes from general destinations to particular ones, and then by name", () => {
    const kinds = ["MeshHTTPRoute", "MeshMultiZoneService", "MeshExternalService", "MeshService", "Mesh"];
    const entries = entriesOf(policy("b", to(...kinds.map((kind) => ({ kind })))), policy("a", to({ kind: "Mesh" })));
    expect(names(sortEntries(entries))).toEqual(["b/4", "a/0", "b/3", "b/2", "b/1", "b/0"]);
  });

  it("puts a section above its service, and only for a MeshService", () => {
    const ms = entriesOf(policy("a", to({ kind: "MeshService", sectionName: "s" }, { kind: "MeshService" })));
    expect(names(sortEntries(ms))).toEqual(["a/1", "a/0"]);
    const mmzs = entriesOf(
      policy("a", to({ kind: "MeshMultiZoneService", sectionName: "s" }, { kind: "MeshMultiZoneService" })),
    );
    expect(names(sortEntries(mmzs))).toEqual(["a/0", "a/1"]);
  });

  it("keeps the order within a policy", () => {
    const same = { kind: "MeshService", name: "x" };
    expect(names(sortEntries(entriesOf(policy("a", to(same, same, same))).toReversed()))).toEqual([
      "a/0",
      "a/1",
      "a/2",
    ]);
  });

  it("goes by resource names where all else is equal", () => {
    const twin = (name: string) =>
      policy(name, { labels: { "kuma.io/display-name": "same" }, ...to({ kind: "Mesh" }) });
    const order = sortEntries(entriesOf(twin("z"), twin("y"))).map((entry) => entry.policy.resource.name);
    expect(order).toEqual(["y", "z"]);
  });
});

it("does not depend on the order of arrival even where the comparison goes round", () => {
  const dp = (name: string, ref: JsonObject, origin: string) => ({
    policy: policy(name, { targetRef: { kind: "Dataplane", ...ref }, labels: { "kuma.io/origin": origin } }),
  });
  const circle = [dp("c", { labels: { a: "b" } }, "zone"), dp("b", { name: "n" }, "global"), dp("a", {}, "global")];
  const [first, second, third] = circle.map((each) => each.policy);
  if (first === undefined || second === undefined || third === undefined) throw new Error("three policies");
  expect(
    [comparePolicies(first, second), comparePolicies(second, third), comparePolicies(third, first)].every((n) => n < 0),
  ).toBe(true);
  const names = (list: typeof circle) => sortPolicies(list).map((each) => each.policy.displayName);
  expect(names(circle.toReversed())).toEqual(names(circle));
});
