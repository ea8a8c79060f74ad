/**
 * Items of MeshHTTPRoutes as configurations, and how they merge: per host name, rules with equal matches as one, those of the
 * policy that wins first. Source: kuma v2.14.3: pkg/plugins/policies/meshhttproute/api/v1alpha1/helpers.go, core/rules/merge.
 */
import { objectOf } from "@isthmus/resources";
import { type JsonObject, type JsonValue, jsonEquals } from "@isthmus/std";
import { mergeConfs } from "../merge-confs.ts";
import { objectItems } from "../object-items.ts";

interface Rule {
  readonly matches: JsonValue;
  readonly defaults: readonly JsonObject[];
}

/**
 * Rules of an item are read from the first to the last, while policies merge from the weakest to the strongest. Turned round,
 * both are in one order; merging turns the result back.
 */
export function httpRouteConf(item: JsonObject): JsonObject {
  return confWith(objectItems(item.rules).toReversed(), hostnamesOf(item));
}

/** One configuration for each host name, in the order in which they are first named; "" stands for items without any. */
export function mergeHttpRouteConfs(confs: readonly JsonObject[]): readonly JsonObject[] {
  const byHostname = new Map<string, JsonObject[]>();
  for (const conf of confs) {
    const hostnames = hostnamesOf(conf);
    for (const hostname of hostnames.length === 0 ? [""] : hostnames) {
      const group = byHostname.get(hostname);
      if (group === undefined) byHostname.set(hostname, [conf]);
      else group.push(conf);
    }
  }
  return [...byHostname].map(([hostname, group]) =>
    confWith(
      mergeRules(group.flatMap(({ rules }) => objectItems(rules))).toReversed(),
      hostname === "" ? [] : [hostname],
    ),
  );
}

/** A rule stands where the strongest policy that has it put it. */
function mergeRules(written: readonly JsonObject[]): readonly JsonObject[] {
  const rules: Rule[] = [];
  for (const rule of written) {
    const matches = rule.matches ?? [];
    const place = rules.findIndex((each) => jsonEquals(each.matches, matches));
    const [earlier] = place === -1 ? [] : rules.splice(place, 1);
    rules.push({ matches, defaults: [...(earlier?.defaults ?? []), objectOf(rule, "default")] });
  }
  return rules.map(({ matches, defaults }) => ({ matches, default: mergeConfs(defaults) }));
}

function confWith(rules: readonly JsonObject[], hostnames: readonly string[]): JsonObject {
  return { ...(rules.length === 0 ? {} : { rules }), ...(hostnames.length === 0 ? {} : { hostnames }) };
}

function hostnamesOf({ hostnames }: JsonObject): readonly string[] {
  return Array.isArray(hostnames) ? hostnames.filter((each) => typeof each === "string") : [];
}
