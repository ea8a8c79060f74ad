/** Filters of a MeshHTTPRoute. Source: kuma v2.14.3: pkg/plugins/policies/meshhttproute/api/v1alpha1/validation.go. */
import type { JsonObject } from "@isthmus/std";
import { dns1123SubdomainErrors } from "../kubernetes-names.ts";
import { at, member, type Violations } from "../violation.ts";
import { isSloppyIpAddress } from "./host.ts";
import { flagAt, listAt, messageAt, objectAt, objectsAt, optionalTextAt, textAt } from "./json-access.ts";
import { MUST_BE_DEFINED } from "./primitives.ts";
import { checkTargetRef, type TargetRefRules } from "./target-ref.ts";

export const REDIRECT = "RequestRedirect";

const MIRRORS: TargetRefRules = { kinds: ["MeshService", "MeshServiceSubset"] };

/** What a filter is looked at with. */
export interface FilterContext {
  readonly topLevelKind: string;
  readonly matches: readonly JsonObject[];
}

type CheckFilter = (config: JsonObject, path: string, context: FilterContext, found: Violations) => void;

/** Filter types with the member that configures each. */
const FILTERS: Readonly<Record<string, { readonly name: string; readonly check: CheckFilter }>> = {
  RequestHeaderModifier: { name: "requestHeaderModifier", check: checkHeaderModifier },
  ResponseHeaderModifier: { name: "responseHeaderModifier", check: checkHeaderModifier },
  [REDIRECT]: { name: "requestRedirect", check: checkPlace },
  URLRewrite: { name: "urlRewrite", check: checkRewrite },
  RequestMirror: { name: "requestMirror", check: checkMirror },
};

export function checkFilters(
  filters: readonly JsonObject[],
  path: string,
  context: FilterContext,
  found: Violations,
): void {
  for (const [index, filter] of filters.entries()) {
    const type = textAt(filter, "type");
    const known = Object.hasOwn(FILTERS, type) ? FILTERS[type] : undefined;
    if (known === undefined) continue;
    const memberPath = member(at(path, index), known.name);
    const config = messageAt(filter, known.name);
    if (config === undefined) found.add(memberPath, MUST_BE_DEFINED);
    else known.check(config, memberPath, context, found);
  }
}

function checkHeaderModifier(modifier: JsonObject, path: string, _context: FilterContext, found: Violations): void {
  if (["set", "add", "remove"].every((name) => listAt(modifier, name) === undefined)) {
    found.add(path, "must have at least one defined: set, add, remove");
    return;
  }
  const seen = new Set<string>();
  const use = (name: string, field: string): void => {
    if (seen.has(name)) found.add(member(field, "name"), "duplicate header name");
    seen.add(name);
  };
  for (const list of ["set", "add"]) {
    for (const [index, header] of objectsAt(modifier, list).entries()) {
      use(textAt(header, "name"), at(member(path, list), index));
    }
  }
  for (const [index, name] of (listAt(modifier, "remove") ?? []).entries()) {
    use(typeof name === "string" ? name : "", at(member(path, "remove"), index));
  }
}

/** Path and host name, which redirects and rewrites share. */
function checkPlace(config: JsonObject, path: string, { matches }: FilterContext, found: Violations): void {
  const replacement = optionalTextAt(objectAt(config, "path"), "replacePrefixMatch");
  const isPrefix = (match: JsonObject): boolean => textAt(objectAt(match, "path"), "type") === "PathPrefix";
  if (replacement !== undefined && !matches.every(isPrefix)) {
    found.add(member(path, "path.replacePrefixMatch"), "can only appear if all matches match a path prefix");
  }
  const hostname = optionalTextAt(config, "hostname");
  if (hostname === undefined) return;
  const errors = isSloppyIpAddress(hostname) ? ["cannot be an IP address"] : dns1123SubdomainErrors(hostname);
  for (const reason of errors) found.add(member(path, "hostname"), reason);
}

function checkRewrite(rewrite: JsonObject, path: string, context: FilterContext, found: Violations): void {
  checkPlace(rewrite, path, context, found);
  if (!flagAt(rewrite, "hostToBackendHostname")) return;
  const field = member(path, "hostToBackendHostname");
  if (context.topLevelKind !== "MeshGateway") found.add(field, "can only be set with MeshGateway");
  if (optionalTextAt(rewrite, "hostname") !== undefined) found.add(field, "cannot be set together with hostname");
}

function checkMirror(mirror: JsonObject, path: string, _context: FilterContext, found: Violations): void {
  checkTargetRef(objectAt(mirror, "backendRef"), member(path, "backendRef"), MIRRORS, found);
}
