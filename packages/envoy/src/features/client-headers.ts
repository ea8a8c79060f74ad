/**
 * Clients by their tags, as they say themselves in a header: only for what harms nobody else when it is wrong.
 * Source: kuma v2.14.3: pkg/xds/envoy/tags, pkg/plugins/policies/meshfaultinjection/plugin/xds/legacy_configurer.go.
 */
import type { Subset, SubsetTag } from "@isthmus/policy";
import type { HeaderMatcherJson } from "@isthmus/proto/envoy/config/route/v3/route_components";

/** `&version=v1,v2&`, one tag after the other, ascending. */
export const TAGS_HEADER = "x-kuma-tags";
const ANY = "*";

export function tagsText(tags: Readonly<Record<string, readonly string[]>>): string {
  const keys = Object.keys(tags).sort();
  return keys.map((key) => `&${key}=${(tags[key] ?? []).join(",")}&`).join("");
}

/** All of them have to fit. */
export function clientHeaders(subset: Subset): readonly HeaderMatcherJson[] {
  return subset.map(
    (tag): HeaderMatcherJson => ({
      name: TAGS_HEADER,
      stringMatch: { safeRegex: { regex: expression(tag) } },
      ...(tag.not ? { invertMatch: true } : {}),
    }),
  );
}

/** One of the values of the tag, whole. */
function expression({ key, value }: SubsetTag): string {
  const whole = value === ANY ? "" : `([^&]*,)?${escaped(value)}[,&]`;
  return `.*&${escaped(key)}=${whole}.*`;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
