/**
 * Backends of logging, tracing and metrics of a Mesh. Their configuration is the member `conf`, but messages call it
 * `config` for logging and tracing. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/mesh_validator.go.
 */
import type { JsonObject } from "@isthmus/std";
import { member, type Violations } from "../violation.ts";
import { parseRequestUri, splitHostPort } from "./go-url.ts";
import { messageAt, numberAt, textAt } from "./json-access.ts";
import { allowedValues, checkFlatPort } from "./primitives.ts";
import { checkPrometheusConfig, PROMETHEUS } from "./prometheus-config.ts";
import { type ConfigMessage, readConfig } from "./typed-config.ts";

const CANNOT_BE_EMPTY = "cannot be empty";
const SAMPLING_MAX = 100;
const ZIPKIN_API_VERSIONS = ["httpJsonV1", "httpJson", "httpProto"] as const;

interface BackendType {
  readonly config: ConfigMessage;
  readonly check: (config: JsonObject, path: string, found: Violations) => void;
}

/** In the order in which messages name them. */
const LOGGING: Readonly<Record<string, BackendType>> = {
  tcp: { config: { address: "string" }, check: checkTcp },
  file: { config: { path: "string" }, check: checkFile },
};
const TRACING: Readonly<Record<string, BackendType>> = {
  zipkin: {
    config: { url: "string", traceId128bit: "bool", apiVersion: "string", sharedSpanContext: "boolValue" },
    check: checkZipkin,
  },
  datadog: { config: { address: "string", port: "uint32", splitService: "bool" }, check: checkDatadog },
};

export function checkLoggingBackend(backend: JsonObject, path: string, found: Violations): void {
  if (textAt(backend, "name") === "") found.add(member(path, "name"), CANNOT_BE_EMPTY);
  checkTyped(backend, LOGGING, path, found);
}

export function checkTracingBackend(backend: JsonObject, path: string, found: Violations): void {
  if (textAt(backend, "name") === "") found.add(member(path, "name"), CANNOT_BE_EMPTY);
  const sampling = numberAt(backend, "sampling");
  if (sampling < 0 || sampling > SAMPLING_MAX) found.add(member(path, "sampling"), "has to be in [0.0 - 100.0] range");
  checkTyped(backend, TRACING, path, found);
}

/** Also the backend that a Dataplane overrides. */
export function checkMetricsBackend(backend: JsonObject, path: string, found: Violations): void {
  if (textAt(backend, "type") === PROMETHEUS) {
    checkPrometheusConfig(messageAt(backend, "conf"), member(path, "conf"), found);
  } else {
    found.add(member(path, "type"), unknownType([PROMETHEUS]));
  }
}

function checkTyped(
  backend: JsonObject,
  types: Readonly<Record<string, BackendType>>,
  path: string,
  found: Violations,
): void {
  const name = textAt(backend, "type");
  const type = Object.hasOwn(types, name) ? types[name] : undefined;
  if (type === undefined) {
    found.add(member(path, "type"), unknownType(Object.keys(types)));
    return;
  }
  const configPath = member(path, "config");
  const config = readConfig(messageAt(backend, "conf"), type.config);
  if (config.ok) type.check(config.value, configPath, found);
  else found.add(configPath, `could not parse config: ${config.error}`);
}

function checkTcp(config: JsonObject, path: string, found: Violations): void {
  const address = textAt(config, "address");
  if (address === "") {
    found.add(member(path, "address"), CANNOT_BE_EMPTY);
    return;
  }
  const parts = splitHostPort(address);
  if (parts === undefined || parts.host === "" || parts.port === "") {
    found.add(member(path, "address"), "has to be in format of HOST:PORT");
  }
}

function checkFile(config: JsonObject, path: string, found: Violations): void {
  if (textAt(config, "path") === "") found.add(member(path, "path"), CANNOT_BE_EMPTY);
}

function checkZipkin(config: JsonObject, path: string, found: Violations): void {
  const version = textAt(config, "apiVersion");
  if (version !== "" && !ZIPKIN_API_VERSIONS.some((known) => known === version)) {
    found.add(member(path, "apiVersion"), `has invalid value. ${allowedValues(ZIPKIN_API_VERSIONS)}`);
  }
  const url = textAt(config, "url");
  if (url === "") {
    found.add(member(path, "url"), CANNOT_BE_EMPTY);
    return;
  }
  const uri = parseRequestUri(url);
  if (uri === undefined) found.add(member(path, "url"), "invalid URL");
  else if (uri.port === "") found.add(member(path, "url"), "port has to be explicitly specified");
}

function checkDatadog(config: JsonObject, path: string, found: Violations): void {
  if (textAt(config, "address") === "") found.add(member(path, "address"), CANNOT_BE_EMPTY);
  checkFlatPort(numberAt(config, "port"), member(path, "port"), found);
}

function unknownType(available: readonly string[]): string {
  return `unknown backend type. Available backends: ${available.map((name) => `"${name}"`).join(", ")}`;
}
