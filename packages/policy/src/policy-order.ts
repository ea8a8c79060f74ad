/**
 * Precedence of policies and of their items, ascending: on merge the later one wins.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/matchers/dataplane.go `SortByTargetRef`, core/rules/sort/sort.go,
 * core/rules/outbound/sort.go, core/rules/inbound/sort.go.
 *
 * Kuma's comparison is not transitive for targetRefs of kind Dataplane: labels < name is decided at once, while a targetRef
 * with neither meets both on the later keys, so three of them can go round in a circle. Which one wins then depends on the
 * sorting algorithm and on the input. The comparison is kept, since each pair alone is what users of Kuma see; a sort
 * always starts from the order of names, so that at least the order of arrival decides nothing.
 */
import type { Policy, PolicyItem, TargetItem } from "./policy.ts";
import { kindLevel, type TargetRef } from "./target-ref.ts";

/** One item with the policy it is from. */
export interface PolicyEntry {
  readonly policy: Policy;
  readonly item: PolicyItem;
}

/** An item of `to`. */
export interface ToEntry extends PolicyEntry {
  readonly item: TargetItem;
}

/** "" between the two: a resource that does not say where it is from. Other texts come first. */
const ORIGINS = ["global", "", "zone"];
const ROLES = ["system", "producer", "consumer", "workload-owner"];

export function sortPolicies<T extends { readonly policy: Policy }>(policies: readonly T[]): T[] {
  return policies.toSorted((a, b) => byName(a.policy, b.policy)).sort((a, b) => comparePolicies(a.policy, b.policy));
}

export function sortEntries(entries: readonly ToEntry[]): ToEntry[] {
  return entries.toSorted(byNameAndPlace).sort(compareEntries);
}

/** Of `rules`, or of `from` where it counts as such: items of one policy stay in their order. */
export function sortRuleEntries<T extends PolicyEntry>(entries: readonly T[]): T[] {
  return entries.toSorted(byNameAndPlace).sort((a, b) => compareRulePolicies(a.policy, b.policy));
}

/** Order of whole policies: what the legacy destinations go by. */
export function comparePolicies(a: Policy, b: Policy): number {
  return (
    compareTopLevel(a, b) ||
    compareListenerTags(a, b) ||
    compareRoles(a, b) ||
    compareText(b.displayName, a.displayName)
  );
}

function compareRulePolicies(a: Policy, b: Policy): number {
  return compareTopLevel(a, b) || compareRoles(a, b) || compareText(b.displayName, a.displayName);
}

/** Order of `to` items. A more particular destination decides only between policies of the same kind, origin and role. */
export function compareEntries(a: ToEntry, b: ToEntry): number {
  return (
    compareTopLevel(a.policy, b.policy) ||
    compareRoles(a.policy, b.policy) ||
    compareDestinations(a.item.targetRef, b.item.targetRef) ||
    compareText(b.policy.displayName, a.policy.displayName) ||
    compareListenerTags(a.policy, b.policy)
  );
}

function compareTopLevel(a: Policy, b: Policy): number {
  return (
    kindLevel(a.targetRef.kind) - kindLevel(b.targetRef.kind) ||
    compareDataplaneRefs(a.targetRef, b.targetRef) ||
    ORIGINS.indexOf(a.origin) - ORIGINS.indexOf(b.origin)
  );
}

function compareDataplaneRefs(a: TargetRef, b: TargetRef): number {
  if (a.kind !== "Dataplane" || b.kind !== "Dataplane") return 0;
  if (a.name !== "" && b.labels !== undefined) return 1;
  if (a.labels !== undefined && b.name !== "") return -1;
  return Number(a.sectionName !== "") - Number(b.sectionName !== "");
}

/** Listener tags make a MeshGateway selector more particular. */
function compareListenerTags(a: Policy, b: Policy): number {
  if (a.targetRef.kind !== "MeshGateway" || b.targetRef.kind !== "MeshGateway") return 0;
  return Object.keys(a.targetRef.tags).length - Object.keys(b.targetRef.tags).length;
}

function compareRoles(a: Policy, b: Policy): number {
  return ROLES.indexOf(a.role) - ROLES.indexOf(b.role);
}

/** Only for a MeshService does the section count. */
function compareDestinations(a: TargetRef, b: TargetRef): number {
  const byKind = kindLevel(a.kind) - kindLevel(b.kind);
  if (byKind !== 0 || a.kind !== "MeshService") return byKind;
  return Number(a.sectionName !== "") - Number(b.sectionName !== "");
}

function byNameAndPlace(a: PolicyEntry, b: PolicyEntry): number {
  return byName(a.policy, b.policy) || a.item.index - b.item.index;
}

/** Names are unique within mesh and type. Their order is that in which a store lists them. */
function byName(a: Policy, b: Policy): number {
  return compareText(a.resource.name, b.resource.name);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
