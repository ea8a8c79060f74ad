/** The `{min, max}` block of TLS versions. Source: kuma v2.14.3: api/common/v1alpha1/tls/tls.go. */
import type { JsonObject } from "@isthmus/std";
import { TLS_VERSIONS } from "../schemas/tls-version.ts";
import { member, type Violations } from "../violation.ts";
import { optionalTextAt } from "./json-access.ts";
import { quotedChoice } from "./primitives.ts";

export function checkTlsVersion(version: JsonObject, path: string, found: Violations): void {
  const order = (name: "min" | "max"): number => {
    const text = optionalTextAt(version, name);
    if (text === undefined) return 0;
    const index = TLS_VERSIONS.findIndex((known) => known === text);
    if (index < 0) found.add(member(path, name), quotedChoice(name, TLS_VERSIONS));
    return Math.max(index, 0);
  };
  const min = order("min");
  const max = order("max");
  if (max !== 0 && min > max) found.add(member(path, "min"), "min version must be lower than max");
}
