/** Conditions on headers, as policies write them. Source: kuma v2.14.3: api/common/v1alpha1/header.go. */
import type { HeaderMatcherJson } from "@isthmus/proto/envoy/config/route/v3/route_components";
import { textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";

export function headerMatcher(match: JsonObject): HeaderMatcherJson {
  const name = textOf(match, "name");
  const value = textOf(match, "value");
  switch (textOf(match, "type")) {
    case "RegularExpression":
      return { name, stringMatch: { safeRegex: { regex: value } } };
    case "Prefix":
      // Envoy knows no empty prefix.
      return value === "" ? { name, presentMatch: true } : { name, stringMatch: { prefix: value } };
    case "Present":
      return { name, presentMatch: true };
    case "Absent":
      return { name, presentMatch: false };
    default:
      return { name, stringMatch: { exact: value } };
  }
}
