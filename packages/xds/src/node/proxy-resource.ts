/** The resource that a proxy brings: text (JSON or YAML) of its bootstrap request or of its node metadata. */
import { parseResource, parseYaml11, type Registry, type Resource, type Violation } from "@isthmus/resources";
import { err, isJsonObject, type Result } from "@isthmus/std";
import { PROXY_RESOURCES, type ProxyType } from "./proxy-id.ts";

export type ProxyResourceError =
  | { readonly kind: "unreadable"; readonly reason: string }
  | { readonly kind: "invalid"; readonly violations: readonly Violation[] };

/** Checked by the schema and the rules of its type; whether it may be stored is another question. */
export function parseProxyResource(
  registry: Registry,
  type: ProxyType,
  text: string,
): Result<Resource, ProxyResourceError> {
  const typeName = PROXY_RESOURCES[type].resource;
  const descriptor = registry.get(typeName);
  const json = parseYaml11(text);
  if (!json.ok) return unreadable(`the resource of the proxy is unreadable: ${json.error}`);
  if (descriptor === undefined || !isJsonObject(json.value) || json.value["type"] !== typeName) {
    return unreadable(`the resource of the proxy is no ${typeName}`);
  }
  const parsed = parseResource(descriptor, json.value, { validate: { mode: "zone" } });
  if (parsed.ok) return parsed;
  return parsed.error.kind === "malformed"
    ? unreadable(parsed.error.detail)
    : err({ kind: "invalid", violations: parsed.error.violations });
}

function unreadable(reason: string): Result<never, ProxyResourceError> {
  return err({ kind: "unreadable", reason });
}
