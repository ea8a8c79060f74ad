/**
 * Configuration of the prometheus backend of a Mesh or a Dataplane: reading, rules and the defaults that Kuma writes back
 * into the Mesh. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/mesh_validator.go, mesh_defaulter.go.
 */
import type { JsonObject } from "@isthmus/std";
import { member, type Violations } from "../violation.ts";
import { goRegexpError } from "./go-regexp.ts";
import { enumAt, flagAt, messageAt, objectAt, objectsAt, textAt, valueAt } from "./json-access.ts";
import { SERVICE_TAG } from "./tags.ts";
import { type ConfigMessage, readConfig } from "./typed-config.ts";

export const PROMETHEUS = "prometheus";

const DEFAULT_PORT = 5670;
const DEFAULT_PATH = "/metrics";
const DEFAULT_SERVICE = "dataplane-metrics";
const BY_MESH_MTLS = "activeMTLSBackend";
const TLS_MODES = [BY_MESH_MTLS, "providedTLS", "disabled"] as const;

const CONFIG: ConfigMessage = {
  port: "uint32",
  path: "string",
  tags: "strings",
  skipMTLS: "boolValue",
  aggregate: {
    repeated: { name: "string", port: "uint32", path: "string", enabled: "boolValue", address: "string" },
  },
  envoy: { message: { filterRegex: "string", usedOnly: "boolValue" } },
  tls: { message: { mode: { enum: "kuma.mesh.v1alpha1.PrometheusTlsConfig.Mode", values: TLS_MODES } } },
};

/** The first mistake ends the check, but for names used twice. */
export function checkPrometheusConfig(conf: JsonObject | undefined, path: string, found: Violations): void {
  const read = readConfig(conf, CONFIG);
  if (!read.ok) {
    found.add(path, `could not parse config: ${read.error}`);
    return;
  }
  const config = read.value;
  const tls = messageAt(config, "tls");
  if (valueAt(config, "skipMTLS") !== undefined && tls !== undefined) {
    if (tlsMode(tls) !== (flagAt(config, "skipMTLS") ? "disabled" : BY_MESH_MTLS)) {
      found.add(path, "skipMTLS and tls configuration cannot be defined together");
      return;
    }
  }
  const regexpError = goRegexpError(textAt(objectAt(config, "envoy"), "filterRegex"));
  if (regexpError !== undefined) {
    found.add(member(path, "envoy.filterRegex"), `provided regexp isn't correct: ${regexpError}`);
    return;
  }
  const names = new Set<string>();
  for (const [index, aggregate] of objectsAt(config, "aggregate").entries()) {
    const name = textAt(aggregate, "name");
    if (names.has(name)) {
      found.add(member(path, `aggregate[${index}].name`), `duplicate entry: ${name}, values have to be unique`);
    }
    names.add(name);
  }
}

/** The configuration with everything filled in, known members only; one that cannot be read stays as it is. */
export function defaultPrometheusConfig(conf: JsonObject | undefined): JsonObject | undefined {
  const read = readConfig(conf, CONFIG);
  if (!read.ok) return conf;
  const { skipMTLS, ...rest } = read.value;
  const { port = DEFAULT_PORT, path = DEFAULT_PATH, tags = { [SERVICE_TAG]: DEFAULT_SERVICE } } = rest;
  const given = messageAt(rest, "tls");
  const mode = given === undefined ? (skipMTLS === true ? "disabled" : BY_MESH_MTLS) : tlsMode(given);
  const isProvided = mode === "providedTLS";
  return {
    ...rest,
    port,
    path,
    tags,
    ...(skipMTLS === undefined || isProvided ? {} : { skipMTLS }),
    // Proto3 JSON does not print the first mode.
    tls: given ?? (mode === BY_MESH_MTLS ? {} : { mode }),
  };
}

const tlsMode = (tls: JsonObject): string => enumAt(tls, "mode", BY_MESH_MTLS);
