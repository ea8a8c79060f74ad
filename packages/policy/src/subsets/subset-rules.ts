/**
 * Items that target groups by tags, as rules for groups of which each client (or destination) belongs to one at most when tried
 * in order: the first rule whose group it belongs to is the one, and holds what all items that concern it say together.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/rules/rules.go `BuildRules`, docs/madr/decisions/007-mesh-traffic-permission.md.
 */
import { err, type JsonObject, ok, type Result } from "@isthmus/std";
import type { Policy } from "../policy.ts";
import type { PolicyEntry } from "../policy-order.ts";
import type { StringMap } from "../target-ref.ts";
import { maximalCliques } from "./maximal-cliques.ts";
import { partition, partitionSize } from "./partition.ts";
import { containsTags, type Subset } from "./subset.ts";
import { TagTable } from "./tag-table.ts";

export interface SubsetRule {
  readonly subset: Subset;
  readonly conf: JsonObject;
  /** What was merged, ascending. */
  readonly entries: readonly PolicyEntry[];
}

export interface SubsetEntry extends PolicyEntry {
  readonly tags: readonly (readonly [string, string])[];
}

/**
 * The number of groups grows with the product of the values of all tags. Kuma works on all of them, however long it takes; this
 * many are more than a proxy can be given.
 */
const MAX_RULES = 10_000;
/** Of more, the order is not checked but made safe at once. */
const MAX_CHECKED_RULES = 1_000;

/** `all` ascending. `withNegations`: whether rules may say what a client does not have, as those for clients do. */
export function subsetRules(
  all: readonly SubsetEntry[],
  { withNegations }: { readonly withNegations: boolean },
): Result<readonly SubsetRule[], string> {
  const entries = all.filter(({ tags }) => !isContradictory(tags));
  const [first] = entries;
  if (first === undefined) return ok([]);
  const table = new TagTable(entries.map(({ tags }) => tags));
  const subsets =
    withNegations || table.keys.length > 1
      ? splitSubsets(table)
      : table.targets.map(({ tags }): Subset => tags.map(([key, value]) => ({ key, value, not: false })));
  if (subsets === undefined) {
    return err(`the tags of ${entries.length} items can be combined in more than ${MAX_RULES} ways`);
  }
  const rules = subsets.flatMap((subset) => rulesFor(subset, table, entries, first.policy.shape.merge));
  return ok(inSafeOrder(rules.sort((a, b) => positives(b.subset) - positives(a.subset))));
}

/** The rule for something with these tags. */
export function ruleForTags(rules: readonly SubsetRule[], tags: StringMap): SubsetRule | undefined {
  return rules.find(({ subset }) => containsTags(subset, tags));
}

/** Policies that contributed, each once, ascending. */
export function originsOf(entries: readonly PolicyEntry[]): readonly Policy[] {
  return [...new Set(entries.map(({ policy }) => policy))];
}

/** Nothing has two values of one tag. */
function isContradictory(tags: SubsetEntry["tags"]): boolean {
  return tags.some(([key, value]) => tags.some(([other, otherValue]) => other === key && otherValue !== value));
}

/**
 * Kuma tries rules with more tags first. With targets of several tags each, one of them can leave out an item that concerns the
 * client, so that a denial is lost; then those come first that hold the most items, which is always right: a rule that a
 * client belongs to never holds an item that does not concern it, and one of them holds all that do.
 */
function inSafeOrder(rules: SubsetRule[]): readonly SubsetRule[] {
  const isSafe =
    rules.length <= MAX_CHECKED_RULES && !rules.some((rule, place) => isOutdone(rule, rules.slice(place + 1)));
  return isSafe ? rules : rules.sort((a, b) => b.entries.length - a.entries.length);
}

function isOutdone(rule: SubsetRule, later: readonly SubsetRule[]): boolean {
  return later.some((other) => other.entries.length > rule.entries.length && canMeet(rule.subset, other.subset));
}

/** Whether something can belong to both. */
function canMeet(a: Subset, b: Subset): boolean {
  return a.every(({ key, value, not }) =>
    b.every((other) => {
      if (other.key !== key) return true;
      return not && other.not ? true : (other.value === value) !== (not || other.not);
    }),
  );
}

/** All combinations of the tags of targets that can meet in one client. */
function splitSubsets(table: TagTable): readonly Subset[] | undefined {
  const neighbours = table.targets.map((_target, index) => table.compatibleWith(index));
  const cliques = maximalCliques(neighbours, MAX_RULES);
  if (cliques === undefined) return undefined;
  const tagSets = cliques
    .map((clique) => ({ order: orderOf(clique, table), tags: tagsOf(clique, table) }))
    .sort((a, b) => compareText(b.order, a.order))
    .map(({ tags }) => tags);
  const size = tagSets.reduce((sum, tags) => sum + partitionSize(tags), 0);
  return size > MAX_RULES ? undefined : tagSets.flatMap(partition);
}

/** Cliques go backwards by the places of their items, as text; so Kuma has them. */
function orderOf(clique: readonly number[], { targets }: TagTable): string {
  return clique
    .flatMap((node) => targets[node]?.items ?? [])
    .sort((a, b) => a - b)
    .join(":");
}

function tagsOf(clique: readonly number[], { targets }: TagTable): readonly (readonly [string, string])[] {
  const tags = new Map<string, readonly [string, string]>();
  for (const node of clique) {
    for (const tag of targets[node]?.tags ?? []) tags.set(JSON.stringify(tag), tag);
  }
  return [...tags.values()].sort(
    ([key, value], [other, otherValue]) => compareText(key, other) || compareText(value, otherValue),
  );
}

function rulesFor(
  subset: Subset,
  table: TagTable,
  entries: readonly SubsetEntry[],
  merge: Policy["shape"]["merge"],
): readonly SubsetRule[] {
  const tags = new Map(subset.filter(({ not }) => !not).map(({ key, value }) => [key, value]));
  const relevant = table
    .within(tags)
    .values()
    .flatMap((target) => table.targets[target]?.items ?? [])
    .sort((a, b) => a - b)
    .flatMap((place) => entries[place] ?? []);
  return merge(relevant.map(({ item }) => item.conf)).map((conf) => ({ subset, conf, entries: relevant }));
}

const positives = (subset: Subset): number => subset.filter(({ not }) => !not).length;

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
