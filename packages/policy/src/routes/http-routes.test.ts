import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { destinationOf } from "../destination.ts";
import type { Policy } from "../policy.ts";
import { matchedOf, policy, service } from "../testing/builders.ts";
import { toConf } from "../to-conf.ts";
import { httpRouteRules, httpRoutesInOrder } from "./http-routes.ts";
import { matchesHash } from "./matches-hash.ts";

const path = (value: string, type = "PathPrefix"): JsonObject => ({ path: { type, value } });
const rule = (matches: readonly JsonObject[], conf: JsonObject = {}): JsonObject => ({ matches, default: conf });
const route = (name: string, rules: readonly JsonObject[], more: JsonObject = {}): Policy =>
  policy(name, {
    type: "MeshHTTPRoute",
    to: [{ targetRef: { kind: "MeshService", name: "backend" }, rules, ...more }],
  });
const confOf = (...policies: readonly Policy[]) => toConf(destinationOf(service("backend")), matchedOf(...policies));
const rulesOf = (...policies: readonly Policy[]) => {
  const found = confOf(...policies);
  return found === undefined ? [] : httpRouteRules(found.conf, found.entries);
};

describe("MeshHTTPRoutes of one destination", () => {
  it("keep the order of rules within a policy, the policy that wins first", () => {
    const all = rulesOf(
      route("b", [rule([path("/b-1")]), rule([path("/b-2")])]),
      route("a", [rule([path("/a-1")]), rule([path("/a-2")])]),
    );
    expect(all.map(({ matches }) => matches)).toEqual(
      [["/a-1"], ["/a-2"], ["/b-1"], ["/b-2"]].map((each) => each.map((v) => path(v))),
    );
    expect(all.map(({ origin }) => origin?.policy.displayName)).toEqual(["a", "a", "b", "b"]);
  });

  it("merge rules with the same matches where the winner has them", () => {
    const all = rulesOf(
      route("b", [rule([path("/x")], { filters: [1], backendRefs: [{ name: "b" }] }), rule([path("/only-b")])]),
      route("a", [rule([path("/first")]), rule([path("/x")], { backendRefs: [{ name: "a" }] })]),
    );
    expect(all.map(({ matches, conf, origin }) => [matches[0]?.path, conf, origin?.policy.displayName])).toEqual([
      [path("/first").path, {}, "a"],
      [path("/x").path, { filters: [1], backendRefs: [{ name: "a" }] }, "a"],
      [path("/only-b").path, {}, "b"],
    ]);
  });

  it("are apart by host name", () => {
    const conf = confOf(
      route("b", [rule([path("/b")])], { hostnames: ["x.io", "y.io"] }),
      route("a", [rule([path("/a")])], { hostnames: ["y.io"] }),
      route("c", [rule([path("/c")])]),
    );
    expect(conf?.confs).toEqual([
      { rules: [rule([path("/c")])] },
      { rules: [rule([path("/b")])], hostnames: ["x.io"] },
      { rules: [rule([path("/a")]), rule([path("/b")])], hostnames: ["y.io"] },
    ]);
  });

  it("say nothing with an item without rules", () => {
    expect(confOf(route("a", []))?.conf).toEqual({});
    expect(
      rulesOf(policy("a", { type: "MeshHTTPRoute", to: [{ targetRef: { kind: "Mesh" }, rules: "none" }] })),
    ).toEqual([]);
  });
});

describe("the order in which matches are tried", () => {
  it.each<[string, readonly JsonObject[]]>([
    ["with a path before without", [path("/"), { method: "GET" }]],
    ["exact, prefix, expression", [path("/", "Exact"), path("/"), path("/", "RegularExpression")]],
    ["longer prefixes first", [path("/long"), path("/lo"), path("/")]],
    ["longer expressions first", [path("/a+", "RegularExpression"), path("/a", "RegularExpression")]],
    ["exact paths as written", [path("/b", "Exact"), path("/longer", "Exact"), path("/a", "Exact")]],
    ["with a method before without", [{ ...path("/"), method: "GET" }, path("/")]],
    ["more headers first", [{ headers: [{ name: "a" }, { name: "b" }] }, { headers: [{ name: "a" }] }, {}]],
    ["more query parameters first", [{ queryParams: [{ name: "a" }] }, {}]],
    ["method before headers", [{ method: "GET" }, { headers: [{ name: "a" }] }]],
    ["equals as written", [{ method: "PUT" }, { method: "GET" }]],
  ])("%s", (_title, matches) => {
    const isStable = _title.includes("as written");
    const rules = rulesOf(
      route(
        "r",
        (isStable ? matches : matches.toReversed()).map((each) => rule([each])),
      ),
    );
    expect(httpRoutesInOrder(rules).map(({ match }) => match)).toEqual(matches);
  });

  it("takes each match of a rule by itself", () => {
    const rules = rulesOf(route("r", [rule([path("/"), path("/a", "Exact")]), rule([path("/bc")])]));
    expect(httpRoutesInOrder(rules).map(({ match }) => match)).toEqual([path("/a", "Exact"), path("/bc"), path("/")]);
  });
});

/** Hashes that Kuma 2.14.3 gave. */
describe("matchesHash", () => {
  it.each<[readonly JsonObject[], string]>([
    [[path("/")], "9Zuf5Tg79OuZcQITwBbQykxAk2u4fRKrwYn3//AL4Yo="],
    [[path("/", "Exact")], "JNNc6//C3P17nUsOJm5f4kqG+U3v8pXhS0od9C3+oss="],
    [[{ headers: [{ name: "foo", value: "bar", type: "Exact" }] }], "yM0/dbXyGi3nh/16+QCWa0maH7RkPXftZ4fkR+vFOjA="],
  ])("%j", (matches, hash) => {
    expect(matchesHash(matches)).toBe(hash);
  });

  it("does not depend on the order of members, nor on values that are not there", () => {
    const header = { name: "x", type: "Present" };
    expect(matchesHash([{ headers: [{ ...header, value: "" }], path: { type: "Exact", value: "/<a>" } }])).toBe(
      matchesHash([{ path: { value: "/<a>", type: "Exact" }, headers: [{ type: "Present", name: "x" }] }]),
    );
    expect(matchesHash([{}])).not.toBe(matchesHash([]));
  });
});

describe("MeshTCPRoutes of one destination", () => {
  const tcp = (name: string, rules: readonly JsonObject[]): Policy =>
    policy(name, { type: "MeshTCPRoute", to: [{ targetRef: { kind: "MeshService", name: "backend" }, rules }] });

  it("use the first rule of the winner", () => {
    const backends = (name: string) => ({ default: { backendRefs: [{ kind: "MeshService", name }] } });
    expect(confOf(tcp("b", [backends("b")]), tcp("a", [backends("a"), backends("second")]))?.confs).toEqual([
      backends("a"),
    ]);
  });

  it("lead to where the traffic goes anyway without a rule", () => {
    expect(confOf(tcp("a", []))?.conf).toEqual({
      default: { backendRefs: [{ kind: "MeshService", name: "backend", weight: 1 }] },
    });
  });
});
