/** Checks of a match of an inbound rule. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/validators.go. */
import type { JsonObject } from "@isthmus/std";
import { dns1123SubdomainErrors } from "../kubernetes-names.ts";
import { at, member, type Violations } from "../violation.ts";
import { goQuote } from "./go-quote.ts";
import { messageAt, objectsAt, textAt } from "./json-access.ts";
import { spiffeIdError } from "./spiffe-id.ts";

export const MUST_BE_SET = "must be set";
/** Of what is decided before anybody knows who the client is. */
export const NOT_BY_CLIENT =
  "can't be specified when matches contain spiffeID because this field cannot be conditioned on source identity";

export function checkMatch(match: JsonObject, path: string, found: Violations): void {
  const spiffeId = messageAt(match, "spiffeID");
  const error = spiffeId === undefined ? undefined : spiffeIdError(textAt(spiffeId, "value"));
  // Also of a prefix: one that ends with a slash is refused.
  if (error !== undefined) found.add(member(path, "spiffeID"), `must be a valid Spiffe ID: ${error}`);
  const sni = messageAt(match, "sni");
  if (sni === undefined) return;
  checkMatchType(textAt(sni, "type"), ["Exact"], `${path}.sni.type`, found);
  const value = textAt(sni, "value");
  const errors = value === "" ? [MUST_BE_SET] : dns1123SubdomainErrors(value);
  for (const reason of errors) found.add(`${path}.sni.value`, reason);
}

/** Of policies whose matches have to ask for something each. True when one of them asks for a client. */
export function checkRuleMatches(rule: JsonObject, path: string, found: Violations): boolean {
  const matches = objectsAt(rule, "matches");
  for (const [index, match] of matches.entries()) {
    const matchPath = at(member(path, "matches"), index);
    checkMatch(match, matchPath, found);
    const spiffeId = messageAt(match, "spiffeID");
    if (spiffeId !== undefined) {
      checkMatchType(textAt(spiffeId, "type"), ["Exact", "Prefix"], `${matchPath}.spiffeID.type`, found);
    } else if (messageAt(match, "sni") === undefined) {
      found.add(matchPath, "must specify at least one of 'spiffeID' or 'sni'");
    }
  }
  return matches.some((match) => messageAt(match, "spiffeID") !== undefined);
}

export function checkMatchType(type: string, supported: readonly string[], path: string, found: Violations): void {
  if (type === "") found.add(path, MUST_BE_SET);
  else if (!supported.includes(type)) {
    found.add(path, `unrecognized type ${goQuote(type)}, supported values are: ${supported.join(", ")}`);
  }
}
