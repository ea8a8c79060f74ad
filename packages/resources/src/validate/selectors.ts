/**
 * Selectors of legacy policies and gateways: lists of tag sets of which a proxy has to match one.
 * Source: kuma v2.14.3: pkg/core/resources/apis/mesh/validators.go.
 */
import type { JsonObject } from "@isthmus/std";
import { at, member, type Violations } from "../violation.ts";
import { goQuote } from "./go-quote.ts";
import { objectsAt, textsAt } from "./json-access.ts";
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
export const SERVICE_ALONE: SelectorRules = {
  needsService: true,
  checkAll: (tags, path, found) => {
    if (tags.size !== 1 || !tags.has(SERVICE_TAG)) {
      found.add(path, `must consist of exactly one tag "${SERVICE_TAG}"`);
    }
  },
  nameError: (name) => (name === SERVICE_TAG ? undefined : `tag ${goQuote(name)} is not allowed`),
};

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
