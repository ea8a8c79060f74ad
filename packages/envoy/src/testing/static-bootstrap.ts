/**
 * A configuration as one file that Envoy can check without a control plane: endpoints stand in their clusters, secrets in the bootstrap.
 * Nothing else is changed.
 */
import type { SecretJson } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/secret";
import { isJsonObject, type JsonValue } from "@isthmus/std";
import type { EnvoyConfig } from "../draft/finish.ts";

export function staticBootstrap(config: EnvoyConfig, secrets: readonly SecretJson[]): JsonValue {
  const clusters = [...config.clusters].map(([name, json]) => {
    const { edsClusterConfig, ...cluster } = json;
    if (edsClusterConfig === undefined) return cluster;
    return { ...cluster, type: "STATIC", loadAssignment: config.endpoints.get(name) ?? { clusterName: name } };
  });
  const bootstrap = { staticResources: { clusters, listeners: [...config.listeners.values()], secrets } };
  return withStaticSecrets(JSON.parse(JSON.stringify(bootstrap)) as JsonValue);
}

/** `{name, sdsConfig}` becomes `{name}`: the secret of that name in the bootstrap. */
function withStaticSecrets(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withStaticSecrets);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "sdsConfig");
  return Object.fromEntries(entries.map(([key, member]) => [key, withStaticSecrets(member ?? null)]));
}
