/**
 * How the machine redirects the workload's traffic to Envoy, as far as the control plane is told. Rules of the system are somebody else's
 * (`kumactl install transparent-proxy`). Source: kuma v2.14.3: pkg/transparentproxy/config/dataplane.
 */
import { parseYaml11 } from "@isthmus/resources/yaml-documents";
import { err, isJsonObject, type JsonObject, type JsonValue, ok, type Result } from "@isthmus/std";

export interface Redirection {
  readonly enabled: boolean;
  readonly port: number;
}

export interface TransparentProxy {
  readonly ipFamilyMode: "dualstack" | "ipv4";
  readonly inbound: Redirection;
  readonly outbound: Redirection;
  /** Networks of virtual machines or containers whose traffic is redirected as well. */
  readonly networks: readonly string[];
}

export const DEFAULT_TRANSPARENT_PROXY: TransparentProxy = {
  ipFamilyMode: "dualstack",
  inbound: { enabled: true, port: 15_006 },
  outbound: { enabled: true, port: 15_001 },
  networks: [],
};

/** @param texts YAML or JSON with the settings of `kumactl install transparent-proxy`, later ones winning; others than these are left alone */
export function readTransparentProxy(texts: readonly string[]): Result<TransparentProxy, readonly string[]> {
  const problems: string[] = [];
  let proxy = DEFAULT_TRANSPARENT_PROXY;
  for (const text of texts) {
    const json = parseYaml11(text);
    if (!json.ok) problems.push(json.error);
    else if (json.value !== null && !isJsonObject(json.value)) problems.push("no settings: an object is expected");
    else if (json.value !== null) proxy = merged(proxy, json.value, problems);
  }
  return problems.length > 0 ? err(problems) : ok(proxy);
}

/** As the control plane gets it. */
export function transparentProxyValue(proxy: TransparentProxy, dns: Redirection): JsonObject {
  const { ipFamilyMode, inbound, outbound, networks } = proxy;
  const vnet = networks.length === 0 ? {} : { networks: [...networks] };
  return { ipFamilyMode, redirect: { inbound: { ...inbound }, outbound: { ...outbound }, dns: { ...dns }, vnet } };
}

function merged(proxy: TransparentProxy, settings: JsonObject, problems: string[]): TransparentProxy {
  const { ipFamilyMode = proxy.ipFamilyMode, redirect = {} } = settings;
  if (ipFamilyMode !== "dualstack" && ipFamilyMode !== "ipv4")
    problems.push("ipFamilyMode: dualstack or ipv4 is expected");
  const { inbound, outbound, vnet } = isJsonObject(redirect) ? redirect : {};
  const { networks = [...proxy.networks] } = isJsonObject(vnet) ? vnet : {};
  return {
    ipFamilyMode: ipFamilyMode === "ipv4" ? "ipv4" : "dualstack",
    inbound: redirection("redirect.inbound", inbound, proxy.inbound, problems),
    outbound: redirection("redirect.outbound", outbound, proxy.outbound, problems),
    networks: Array.isArray(networks) ? networks.filter((network) => typeof network === "string") : [],
  };
}

function redirection(path: string, value: JsonValue | undefined, before: Redirection, problems: string[]): Redirection {
  const { enabled = before.enabled, port = before.port } = isJsonObject(value) ? value : {};
  if (typeof enabled !== "boolean") problems.push(`${path}.enabled: true or false is expected`);
  if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535) {
    problems.push(`${path}.port: a port is expected`);
    return before;
  }
  return { enabled: enabled === true, port };
}
