/**
 * Selectors of legacy policies and gateways: lists of tag sets of which a proxy has to match one.
 * Source: kuma v2.14.3: pkg/core/resources/apis/mesh/validators.go.
 */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { HAS_TO_BE_DEFINED } from "./flat-amounts.ts";
import { goQuote } from "./go-quote.ts";
import { messageAt, objectsAt, textsAt } from "./json-access.ts";
import { checkSelector, SERVICE_TAG, type TagRules } from "./tags.ts";

export interface SelectorRules extends TagRules {
  /** There may be none at all. */
  readonly isOptional?: boolean;
  readonly atMostOne?: boolean;
}

/** What most policies ask of their sources. */
export const SERVICE_AND_MORE: SelectorRules = { needsOne: true, needsService: true };
export const ANY_TAG: SelectorRules = { needsOne: true };

/** What most policies ask of their destinations: a service or `*`, and nothing else. */
const SERVICE_ALONE: SelectorRules = {
  needsService: true,
  checkAll: (tags, path, found) => {
    if (tags.size !== 1 || !tags.has(SERVICE_TAG)) {
      found.add(path, `must consist of exactly one tag "${SERVICE_TAG}"`);
    }
  },
  nameError: (name) => (name === SERVICE_TAG ? undefined : `tag ${goQuote(name)} is not allowed`),
};

/** Of a policy for connections from services to services: from whom, and to whom. */
export function checkServices(spec: JsonObject, found: Violations): void {
  checkSelectors(spec, "sources", SERVICE_AND_MORE, found);
  checkSelectors(spec, "destinations", SERVICE_ALONE, found);
}

/** The rules of such a policy that has to have a `conf`. */
export function connectionRules(
  checkConf: (conf: JsonObject, found: Violations) => void,
): (resource: Resource) => readonly Violation[] {
  return ({ spec }) => {
    const found = new Violations();
    checkServices(spec, found);
    const conf = messageAt(spec, "conf");
    if (conf === undefined) found.add("conf", HAS_TO_BE_DEFINED);
    else checkConf(conf, found);
    return found.list;
  };
}

/** The selectors that the spec has under that name. */
export function checkSelectors(spec: JsonObject, name: string, rules: SelectorRules, found: Violations): void {
  const selectors = objectsAt(spec, name);
  if (rules.isOptional !== true && selectors.length === 0) found.add(name, "must have at least one element");
  for (const [index, selector] of selectors.entries()) {
    const path = at(name, index);
    checkSelector(textsAt(selector, "match"), member(path, "match"), found, rules);
    if (index > 0 && rules.atMostOne === true) found.add(path, "there can be at most one selector");
  }
}
