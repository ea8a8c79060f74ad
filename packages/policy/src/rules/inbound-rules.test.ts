import type { JsonObject } from "@isthmus/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { policiesFor } from "../policies-for.ts";
import type { Policy } from "../policy.ts";
import { proxyOf } from "../proxy.ts";
import { ADMIN, HTTP, matchedOf, policy, resource } from "../testing/builders.ts";
import { inboundMatchJson } from "./inbound-match.ts";
import { type InboundRule, inboundConf, inboundRules } from "./inbound-rules.ts";

const AS_RULES = { isFromAsRules: true };
const AS_SUBSETS = { isFromAsRules: false };
const exact = (value: string): JsonObject => ({ spiffeID: { type: "Exact", value } });
const prefix = (value: string): JsonObject => ({ spiffeID: { type: "Prefix", value } });
const sni = (value: string): JsonObject => ({ sni: { type: "Exact", value } });
const rule = (name: string, ...matches: readonly JsonObject[]): JsonObject => ({
  ...(matches.length === 0 ? {} : { matches }),
  default: { name },
});
const shown = (rules: readonly InboundRule[]) =>
  rules.map(({ match, conf, origin }) => [
    `${origin.policy.displayName}/${origin.item.index}`,
    conf.name,
    match === undefined ? undefined : inboundMatchJson(match),
  ]);

describe("rules of an inbound", () => {
  it("go from the particular to the general, one for each match", () => {
    const matched = matchedOf(
      policy("p", {
        rules: [
          rule("all"),
          rule("sni", sni("a")),
          rule("two", prefix("spiffe://td/ns"), exact("spiffe://td/a")),
          rule("both", { ...prefix("spiffe://td/x"), ...sni("b") }),
          rule("unknown", { spiffeID: { type: "Regex", value: "x" } }),
          rule("empty match", {}),
        ],
      }),
    );
    expect(shown(inboundRules(matched, HTTP, AS_RULES))).toEqual([
      ["p/2", "two", exact("spiffe://td/a")],
      ["p/3", "both", { ...prefix("spiffe://td/x"), ...sni("b") }],
      ["p/2", "two", prefix("spiffe://td/ns")],
      ["p/4", "unknown", { spiffeID: { type: "Regex", value: "x" } }],
      ["p/1", "sni", sni("a")],
      ["p/0", "all", undefined],
      ["p/5", "empty match", {}],
    ]);
  });

  it("go by the precedence of policies where they are as particular", () => {
    const labels = { "kuma.io/origin": "zone", "kuma.io/zone": "east" };
    const matched = matchedOf(
      policy("zone", { labels, rules: [rule("zone")] }),
      policy("b", { labels: { "kuma.io/origin": "global" }, rules: [rule("b")] }),
      policy("a", { labels: { "kuma.io/origin": "global" }, rules: [rule("a-0"), rule("a-1")] }),
      policy("dp", { targetRef: { kind: "Dataplane", sectionName: "http" }, rules: [rule("dp")] }),
    );
    const rules = inboundRules(matched, HTTP, AS_RULES);
    expect(rules.map(({ conf }) => conf.name)).toEqual(["b", "a-0", "a-1", "zone", "dp"]);
    expect(inboundConf(rules)).toEqual({ name: "dp" });
    expect(inboundRules(matched, ADMIN, AS_RULES).map(({ conf }) => conf.name)).toEqual(["b", "a-0", "a-1", "zone"]);
  });

  it.each<[string, { readonly isFromAsRules: boolean }, Policy, readonly string[]]>([
    ["from counts", AS_RULES, policy("p", { from: [{ targetRef: { kind: "Mesh" }, default: { name: "f" } }] }), ["f"]],
    [
      "from does not count beside rules",
      AS_RULES,
      policy("p", { from: [{ targetRef: { kind: "Mesh" }, default: { name: "f" } }], rules: [rule("r")] }),
      ["r"],
    ],
    ["from by client tags never counts", AS_SUBSETS, policy("p", { from: [{ targetRef: { kind: "Mesh" } }] }), []],
    ["rules of another shape are left out", AS_RULES, policy("p", { rules: ["text", rule("r")] }), ["r"]],
  ])("%s", (_title, options, each, expected) => {
    expect(inboundRules(matchedOf(each), HTTP, options).map(({ conf }) => conf.name)).toEqual(expected);
  });

  it("merge for all traffic without what is said of some clients", () => {
    const matched = matchedOf(
      policy("b", {
        rules: [{ default: { a: 1, b: { c: 1 } } }, { matches: [exact("spiffe://td/a")], default: { a: 9 } }],
      }),
      policy("a", { rules: [{ default: { b: { d: 2 } } }] }),
    );
    expect(inboundConf(inboundRules(matched, HTTP, AS_RULES))).toEqual({ a: 1, b: { c: 1, d: 2 } });
    expect(inboundConf([])).toBeUndefined();
  });

  it("hold for listeners of a zone proxy as well", () => {
    const ingress = resource("Dataplane", "zi", {
      networking: { address: "10.0.0.7", listeners: [{ type: "ZoneIngress", name: "in", port: 10001 }] },
    });
    const { matched } = policiesFor(proxyOf(ingress), [policy("p", { rules: [rule("r")] })]);
    const section = { sectionName: "in", address: "10.0.0.7", port: 10001 };
    expect(inboundRules(matched, section, AS_RULES)).toHaveLength(1);
  });

  it("do not depend on the order of arrival", () => {
    const match = fc.option(fc.constantFrom(exact("spiffe://td/a"), prefix("spiffe://td"), sni("x")), {
      nil: undefined,
    });
    const each = fc.record({ origin: fc.constantFrom("global", "zone"), matches: fc.array(match, { minLength: 1 }) });
    const all = fc.array(each, { maxLength: 8 }).map((specs) =>
      specs.map(({ origin, matches }, index) =>
        policy(`name-${index}`, {
          labels: { "kuma.io/origin": origin, "kuma.io/display-name": `d-${index % 3}` },
          rules: matches.map((one, place) => rule(`${index}-${place}`, ...(one === undefined ? [] : [one]))),
        }),
      ),
    );
    const shuffled = all.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray([...list], { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        expect(shown(inboundRules(matchedOf(...other), HTTP, AS_RULES))).toEqual(
          shown(inboundRules(matchedOf(...list), HTTP, AS_RULES)),
        );
      }),
    );
  });
});
