/** The resource that a proxy brings: its template filled in, read, and checked as far as the runner depends on it. */
import { parseYaml11 } from "@isthmus/resources/yaml-documents";
import { err, isJsonObject, type JsonObject, ok, type Result } from "@isthmus/std";
import { nameProblem } from "./name-problem.ts";
import type { DpProxyType } from "./read-settings.ts";
import { renderTemplate } from "./template.ts";

const RESOURCE_TYPES: Readonly<Record<DpProxyType, string>> = {
  dataplane: "Dataplane",
  ingress: "ZoneIngress",
  egress: "ZoneEgress",
};

export interface ProxyResource {
  readonly mesh: string;
  readonly name: string;
  /** JSON, as the control plane gets it. */
  readonly text: string;
  /** Of its networking; "" if there is none. */
  readonly address: string;
  /** Its networking says that traffic is redirected to Envoy. */
  readonly isTransparent: boolean;
}

/** The rest is for the control plane to judge. */
export function readProxyResource(
  template: string,
  variables: ReadonlyMap<string, string>,
  proxyType: DpProxyType,
): Result<ProxyResource, readonly string[]> {
  const rendered = renderTemplate(template, variables);
  if (!rendered.ok) return err([rendered.error]);
  const json = parseYaml11(rendered.value);
  if (!json.ok) return err([json.error]);
  if (!isJsonObject(json.value)) return err(["no resource: YAML or JSON with type, name and networking is expected"]);
  const resource = json.value;
  const [type, mesh, name] = [textIn(resource, "type"), textIn(resource, "mesh"), textIn(resource, "name")];
  const problems: string[] = [];
  const expected = RESOURCE_TYPES[proxyType];
  if (type !== expected) problems.push(`type ${JSON.stringify(type)} where ${expected} is expected for ${proxyType}`);
  for (const [member, text] of [
    ["name", name],
    ["mesh", proxyType === "dataplane" ? mesh : undefined],
  ] as const) {
    const wrong = text === undefined ? undefined : nameProblem(text);
    if (wrong !== undefined) problems.push(`${member} ${wrong}`);
  }
  if (problems.length > 0) return err(problems);
  const networking = isJsonObject(resource["networking"]) ? resource["networking"] : {};
  return ok({
    mesh: proxyType === "dataplane" ? mesh : "",
    name,
    text: JSON.stringify(resource),
    address: textIn(networking, "address"),
    isTransparent: isJsonObject(networking["transparentProxying"]),
  });
}

function textIn(object: JsonObject, member: string): string {
  const value = object[member];
  return typeof value === "string" ? value : "";
}
