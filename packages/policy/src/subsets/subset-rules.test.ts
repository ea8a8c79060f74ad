/** Bugs these would find: a client that gets the words meant for another, an item that is lost, work without end. */
import type { JsonObject } from "@isthmus/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ADMIN, HTTP, matchedOf, policy } from "../testing/builders.ts";
import { fromRules } from "./from-rules.ts";
import { containsTags, type Subset } from "./subset.ts";
import { originsOf, ruleForTags, type SubsetRule } from "./subset-rules.ts";

const subset = (tags: JsonObject): JsonObject => ({ kind: "MeshSubset", tags });
const item = (targetRef: JsonObject, conf: JsonObject = {}): JsonObject => ({ targetRef, default: conf });
const permission = (name: string, ...from: readonly JsonObject[]) =>
  policy(name, { type: "MeshTrafficPermission", from });
const textOf = (tags: Subset): string =>
  tags.length === 0 ? "all" : tags.map(({ key, value, not }) => `${key}${not ? "!=" : "="}${value}`).join(" ");
const shown = (rules: readonly SubsetRule[]) =>
  rules.map(({ subset: tags, conf }) => `${textOf(tags)}: ${JSON.stringify(conf.action)}`.replaceAll('"', ""));
const rulesOf = (...from: readonly JsonObject[]) => fromRules(matchedOf(permission("p", ...from)), HTTP).rules;

describe("rules for clients", () => {
  const allow = { action: "Allow" };
  const deny = { action: "Deny" };
  const shadow = { action: "AllowWithShadowDeny" };

  it.each<[string, readonly JsonObject[], readonly string[]]>([
    ["everybody", [item({ kind: "Mesh" }, allow)], ["all: Allow"]],
    ["one service", [item({ kind: "MeshService", name: "a" }, allow)], ["kuma.io/service=a: Allow"]],
    [
      "a service and a part of it",
      [
        item({ kind: "MeshService", name: "a" }, allow),
        item({ kind: "MeshServiceSubset", name: "a", tags: { version: "1" } }, deny),
      ],
      ["kuma.io/service=a version=1: Deny", "kuma.io/service=a version!=1: Allow"],
    ],
    [
      "everybody but one",
      [item({ kind: "Mesh" }, allow), item(subset({ team: "x" }), deny)],
      ["team=x: Deny", "team!=x: Allow"],
    ],
    [
      "the later item wins, whatever it is about",
      [item(subset({ team: "x" }), deny), item({ kind: "Mesh" }, allow)],
      ["team=x: Allow", "team!=x: Allow"],
    ],
    [
      "two groups that can overlap",
      [item(subset({ team: "x" }), allow), item(subset({ zone: "e" }), deny)],
      ["team=x zone=e: Deny", "team!=x zone=e: Deny", "team=x zone!=e: Allow"],
    ],
    [
      "two groups that cannot",
      [item(subset({ team: "x" }), allow), item(subset({ team: "y" }), deny)],
      ["team=y: Deny", "team=x: Allow"],
    ],
    [
      "three values of one tag, and everybody",
      [
        item({ kind: "Mesh" }, deny),
        item(subset({ team: "x" }), allow),
        item(subset({ team: "y" }), shadow),
        item(subset({ team: "z" }), allow),
      ],
      [
        "team=z: Allow",
        "team=y: AllowWithShadowDeny",
        "team=x: Allow",
        "team!=z: Deny",
        "team!=y: Deny",
        "team!=x: Deny",
      ],
    ],
    [
      "a group nobody can belong to",
      [item({ kind: "MeshServiceSubset", name: "a", tags: { "kuma.io/service": "b" } })],
      [],
    ],
    ["kinds that have no tags", [item({ kind: "MeshGateway", name: "g" }, allow), item({ kind: "Dataplane" })], []],
  ])("%s", (_title, from, expected) => {
    expect(shown(rulesOf(...from))).toEqual(expected);
  });

  it("keep a denial that Kuma's order loses", () => {
    const rules = rulesOf(
      item(subset({ d: "1" }), allow),
      item(subset({ a: "2", b: "1", c: "1" }), allow),
      item(subset({ a: "1" }), deny),
    );
    expect(ruleForTags(rules, { a: "1", b: "1", c: "1", d: "1" })?.conf).toEqual(deny);
    expect(ruleForTags(rules, { a: "2", b: "1", c: "1", d: "1" })?.conf).toEqual(allow);
  });

  it("are those of the policies that select the inbound, and name them in order", () => {
    const web = policy("web", {
      type: "MeshTrafficPermission",
      targetRef: { kind: "MeshService", name: "web" },
      from: [item({ kind: "Mesh" }, deny)],
    });
    const matched = matchedOf(web, permission("all", item({ kind: "Mesh" }, allow)));
    const [http] = fromRules(matched, HTTP).rules;
    expect(http?.conf).toEqual(deny);
    expect(http && originsOf(http.entries).map(({ displayName }) => displayName)).toEqual(["all", "web"]);
    expect(shown(fromRules(matched, ADMIN).rules)).toEqual(["all: Allow"]);
  });

  it("are refused when there would be too many, so that nothing is allowed by them", () => {
    const from = Array.from({ length: 40 }, (_each, index) => item(subset({ [`tag-${index}`]: "x" }), allow));
    expect(fromRules(matchedOf(permission("p", ...from)), HTTP)).toEqual({
      rules: [],
      problem: "couldn't create From rules: the tags of 40 items can be combined in more than 10000 ways",
    });
  });

  it("are quick for a thousand services", () => {
    const from = Array.from({ length: 1_000 }, (_each, index) =>
      item({ kind: "MeshService", name: `s-${index}` }, allow),
    );
    const rules = rulesOf(item({ kind: "Mesh" }, deny), ...from);
    expect(rules).toHaveLength(2_000);
    expect(ruleForTags(rules, { "kuma.io/service": "s-500" })?.conf).toEqual(allow);
    expect(ruleForTags(rules, { "kuma.io/service": "stranger" })?.conf).toEqual(deny);
  });
});

describe("containsTags", () => {
  const yes = (key: string, value: string) => ({ key, value, not: false });
  const no = (key: string, value: string) => ({ key, value, not: true });
  it.each<[Subset, Record<string, string>, boolean]>([
    [[], {}, true],
    [[], { a: "1" }, true],
    [[no("a", "1")], {}, false],
    [[yes("a", "1")], { a: "1", b: "1" }, true],
    [[yes("a", "1")], { a: "2" }, false],
    [[yes("a", "1")], { b: "1" }, false],
    [[no("a", "1")], { a: "2" }, true],
    [[no("a", "1")], { a: "1" }, false],
    [[no("a", "1")], { b: "1" }, true],
    [[yes("a", "1"), no("b", "1")], { a: "1" }, true],
    [[yes("a", "1"), no("b", "1")], { a: "1", b: "1" }, false],
    [[yes("a", "1"), yes("b", "1")], { a: "1" }, false],
    [[yes("toString", "1")], { a: "1" }, false],
  ])("%j %j %s", (tags, element, expected) => {
    expect(containsTags(tags, element)).toBe(expected);
  });
});

describe("whatever is targeted", () => {
  const tags = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom("1", "2"), { maxKeys: 3 });
  const targets = fc.array(tags, { maxLength: 6 });
  const client = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom("1", "2", "3"), { minKeys: 1 });

  it("a client gets what all items that concern it say, and nothing else", () => {
    fc.assert(
      fc.property(targets, client, (all, element) => {
        const rules = rulesOf(...all.map((each) => item(subset(each))));
        const concerned = all.flatMap((each, index) =>
          Object.entries(each).every(([key, value]) => element[key] === value) ? [index] : [],
        );
        expect(ruleForTags(rules, element)?.entries.map((entry) => entry.item.index) ?? []).toEqual(concerned);
      }),
      { numRuns: 500 },
    );
  });
});
