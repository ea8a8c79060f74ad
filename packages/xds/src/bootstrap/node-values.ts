/**
 * Values of the node metadata that Kuma writes out in full: its structs become protobuf Structs with every member, set or not.
 * Source: kuma v2.14.3: pkg/util/proto (MustStructToProtoStruct), pkg/core/xds/otel_env.go, pkg/transparentproxy/config/dataplane.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

const OTEL_FLAGS = [
  "endpointPresent",
  "endpointParsedAsURL",
  "endpointHasPath",
  "protocolPresent",
  "headersPresent",
  "timeoutPresent",
  "compressionPresent",
  "insecurePresent",
  "certificatePresent",
  "clientCertificatePresent",
  "clientKeyPresent",
];

/** Only members that say something, as protobuf prints them. */
export function versionValue(version: JsonObject): JsonObject {
  const part = (name: string, members: readonly string[]): JsonObject => {
    const object = objectOf(version[name]);
    const said = members.filter((member) => object[member] === true || (object[member] ?? "") !== "");
    return Object.fromEntries(
      said.filter((member) => object[member] !== false).map((member) => [member, object[member] ?? ""]),
    );
  };
  return {
    kumaDp: part("kumaDp", ["version", "gitTag", "gitCommit", "buildDate"]),
    envoy: part("envoy", ["version", "build", "kumaDpCompatible"]),
  };
}

export function otelInventoryValue(inventory: JsonObject): JsonObject {
  return {
    pipeEnabled: inventory["pipeEnabled"] === true,
    shared: signalValue(inventory["shared"]),
    traces: signalValue(inventory["traces"]),
    logs: signalValue(inventory["logs"]),
    metrics: signalValue(inventory["metrics"]),
    validationErrors: listOf(inventory["validationErrors"]),
  };
}

export function transparentProxyValue(config: JsonObject): JsonObject {
  const redirect = objectOf(config["redirect"]);
  const flow = (name: string): JsonObject => {
    const { enabled, port } = objectOf(redirect[name]);
    return { enabled: enabled === true, port: typeof port === "number" ? port : 0 };
  };
  return {
    ipFamilyMode: textOf(config["ipFamilyMode"]),
    redirect: {
      inbound: flow("inbound"),
      outbound: flow("outbound"),
      dns: flow("dns"),
      vnet: { networks: listOf(objectOf(redirect["vnet"])["networks"]) },
    },
  };
}

/** Source: kuma v2.14.3: pkg/transparentproxy/config/dataplane/config_dataplane.go: in a bootstrap request no address is known. */
export function isTransparentProxyEnabled(config: JsonObject | undefined): boolean {
  if (config === undefined || config["ipFamilyMode"] === "ipv4") return false;
  const redirect = objectOf(config["redirect"]);
  return ["inbound", "outbound"].some((name) => objectOf(redirect[name])["enabled"] === true);
}

function signalValue(value: JsonValue | undefined): JsonValue {
  if (!isJsonObject(value)) return null;
  return {
    signal: textOf(value["signal"]),
    ...Object.fromEntries(OTEL_FLAGS.map((name) => [name, value[name] === true])),
    effectiveProtocol: textOf(value["effectiveProtocol"]),
    effectiveAuthMode: textOf(value["effectiveAuthMode"]),
    overrideKinds: listOf(value["overrideKinds"]),
    validationErrors: listOf(value["validationErrors"]),
  };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function listOf(value: JsonValue | undefined): JsonValue[] {
  return Array.isArray(value) ? [...value] : [];
}
