/** What the matched policies of one type say together about a destination, and who said it. */
import type { JsonObject } from "@isthmus/std";
import { type Coverage, coverageOf } from "./covers-destination.ts";
import type { Destination } from "./destination.ts";
import { lastSetting, mergeConfs } from "./merge-confs.ts";
import type { MatchedPolicy } from "./policies-for.ts";
import { describePolicy, type Policy } from "./policy.ts";
import { sortEntries, sortPolicies, type ToEntry } from "./policy-order.ts";

export interface ToConf {
  readonly conf: JsonObject;
  /** The items that were merged, in ascending order of precedence. */
  readonly entries: readonly ToEntry[];
  /** The closest coverage among them. Configuration of a route counts only when it is not of the mesh alone. */
  readonly coverage: Coverage;
}

const COVERAGES: readonly Coverage[] = ["mesh", "destination", "section"];

/** undefined when no policy speaks of the destination; that differs from a policy that sets nothing. */
export function toConf(destination: Destination, matched: readonly MatchedPolicy[]): ToConf | undefined {
  const entries = toEntries(destination, matched);
  if (entries.length === 0) return undefined;
  const coverages = new Set(entries.map((entry) => coverageOf(entry, destination)));
  return {
    conf: mergeConfs(entries.map((entry) => entry.item.conf)),
    entries,
    coverage: COVERAGES.findLast((coverage) => coverages.has(coverage)) ?? "mesh",
  };
}

/** The items that speak of the destination, in ascending order: for policies whose items are not merged as plain objects. */
export function toEntries(destination: Destination, matched: readonly MatchedPolicy[]): readonly ToEntry[] {
  // What says nothing of the destination is left out before sorting, so that it cannot influence the order.
  const speaking = matched.filter(({ policy }) => itemsAbout(destination, policy).length > 0);
  const entries = sortPolicies(speaking).flatMap(({ policy }) => itemsAbout(destination, policy));
  // Legacy services go by the order of policies alone.
  return destination.kind === "legacy" ? entries : sortEntries(entries);
}

/** The item that decided the member at `path` of the merged configuration. */
export function decidedBy({ entries }: ToConf, path: readonly string[]): ToEntry | undefined {
  return lastSetting(entries, (entry) => entry.item.conf, path);
}

/** Names of the policies that contributed, each once, ascending. */
export function contributors({ entries }: ToConf): readonly string[] {
  return [...new Set(entries.map((entry) => describePolicy(entry.policy)))];
}

function itemsAbout(destination: Destination, policy: Policy): readonly ToEntry[] {
  // What targets a route by its own targetRef configures that route alone.
  if (policy.targetRef.kind === "MeshHTTPRoute") return [];
  // For legacy services an item about a route takes its whole policy out.
  if (destination.kind === "legacy" && policy.to.some((item) => item.targetRef.kind === "MeshHTTPRoute")) return [];
  return policy.to.map((item) => ({ policy, item })).filter((entry) => coverageOf(entry, destination) !== undefined);
}
