/**
 * Several configurations as one, the later ones winning: RFC 7396 (JSON Merge Patch) without its deletion, and with lists
 * that add up. Source: kuma v2.14.3: pkg/plugins/policies/core/rules/merge/merge.go.
 *
 * - Objects merge member by member; scalars and lists of a later configuration replace those of an earlier one.
 * - A list whose member name starts with `append` (`appendMatch`, `appendModifications`, `appendProfiles`) is the
 *   concatenation of all, in order. Lists inside list items are replaced with their list.
 * - `null` is an unset member, not a deletion: Kuma's policies lose it when they are decoded.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

const APPEND_PREFIX = "append";

export function mergeConfs(confs: readonly JsonObject[]): JsonObject {
  return confs.reduce<JsonObject>(merge, {});
}

/** The last configuration that sets the member at `path`, even to an empty value: whoever decided it. */
export function lastSetting<T>(
  items: readonly T[],
  conf: (item: T) => JsonObject,
  path: readonly string[],
): T | undefined {
  return items.findLast((item) => {
    let value: JsonValue | undefined = conf(item);
    for (const member of path) value = isJsonObject(value) ? value[member] : undefined;
    return value !== undefined && value !== null;
  });
}

function merge(base: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map<string, JsonValue>(Object.entries(base));
  for (const [member, value] of Object.entries(patch)) {
    if (value !== null) merged.set(member, mergeMember(member, merged.get(member), value));
  }
  return Object.fromEntries(merged);
}

function mergeMember(name: string, base: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (isJsonObject(patch)) return merge(isJsonObject(base) ? base : {}, patch);
  if (name.startsWith(APPEND_PREFIX) && Array.isArray(base) && Array.isArray(patch)) return [...base, ...patch];
  return patch;
}
