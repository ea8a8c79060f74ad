/** What the matched policies of one type say together about a destination, and who said it. */
import type { JsonObject } from "@isthmus/std";
import { type Coverage, coverageOf } from "./covers-destination.ts";
import type { Destination } from "./destination.ts";
import { lastSetting } from "./merge-confs.ts";
import type { MatchedPolicy } from "./policies-for.ts";
import { describePolicy, type Policy } from "./policy.ts";
import { sortEntries, sortPolicies, type ToEntry } from "./policy-order.ts";

export interface ToConf {
  readonly conf: JsonObject;
  /** `conf` and, of routes that name host names, one for each of the others. */
  readonly confs: readonly JsonObject[];
  /** The items that were merged, in ascending order of precedence. */
  readonly entries: readonly ToEntry[];
  /** The closest coverage among them. Configuration of a route counts only when it is not of the mesh alone. */
  readonly coverage: Coverage;
}

const COVERAGES: readonly Coverage[] = ["mesh", "destination", "section"];

/** undefined when no policy speaks of the destination; that differs from a policy that sets nothing. */
export function toConf(destination: Destination, matched: readonly MatchedPolicy[]): ToConf | undefined {
  return confOfEntries(destination, toEntries(destination, matched));
}

/** The items that speak of the destination, in ascending order. */
export function toEntries(destination: Destination, matched: readonly MatchedPolicy[]): readonly ToEntry[] {
  const entries = matched.flatMap(({ policy }) => itemsAbout(destination, policy));
  return inOrder(destination, entries);
}

/** The same when all that speak of the destination are among `candidates`. */
export function toConfAmong(destination: Destination, candidates: readonly ToEntry[]): ToConf | undefined {
  const entries = candidates.filter((entry) => coverageOf(entry, destination) !== undefined);
  return confOfEntries(destination, inOrder(destination, entries));
}

/** Whether an item of a policy can speak of resources. */
export function speaksOfResources(policy: Policy): boolean {
  // What targets a route by its own targetRef configures that route alone.
  return policy.targetRef.kind !== "MeshHTTPRoute";
}

/** The item that decided the member at `path` of the merged configuration. */
export function decidedBy({ entries }: ToConf, path: readonly string[]): ToEntry | undefined {
  return lastSetting(entries, (entry) => entry.item.conf, path);
}

/** Names of the policies that contributed, each once, ascending. */
export function contributors({ entries }: ToConf): readonly string[] {
  return [...new Set(entries.map((entry) => describePolicy(entry.policy)))];
}

function confOfEntries(destination: Destination, entries: readonly ToEntry[]): ToConf | undefined {
  const [first] = entries;
  if (first === undefined) return undefined;
  const coverages = new Set(entries.map((entry) => coverageOf(entry, destination)));
  const confs = first.policy.shape.merge(entries.map((entry) => entry.item.conf));
  return {
    conf: confs[0] ?? {},
    confs,
    entries,
    coverage: COVERAGES.findLast((coverage) => coverages.has(coverage)) ?? "mesh",
  };
}

/** What says nothing of the destination is left out before sorting, so that it cannot influence the order. */
function inOrder(destination: Destination, entries: readonly ToEntry[]): readonly ToEntry[] {
  if (destination.kind !== "legacy") return sortEntries(entries);
  // Legacy services go by the order of policies alone.
  const policies = [...new Set(entries.map(({ policy }) => policy))];
  return sortPolicies(policies.map((policy) => ({ policy }))).flatMap(({ policy }) =>
    entries.filter((entry) => entry.policy === policy),
  );
}

function itemsAbout(destination: Destination, policy: Policy): readonly ToEntry[] {
  if (!speaksOfResources(policy)) return [];
  // For legacy services an item about a route takes its whole policy out.
  if (destination.kind === "legacy" && policy.to.some((item) => item.targetRef.kind === "MeshHTTPRoute")) return [];
  return policy.to.map((item) => ({ policy, item })).filter((entry) => coverageOf(entry, destination) !== undefined);
}
