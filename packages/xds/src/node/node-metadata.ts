/**
 * The node metadata of an Envoy: what the bootstrap put into it, read back from the first request of a stream. Anybody can
 * write such a request, so whatever has the wrong shape counts as absent.
 * Source: kuma v2.14.3: pkg/core/xds/metadata.go.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

/** Names of the metadata fields, as the bootstrap writes them. */
export const METADATA_FIELDS = {
  adminAddress: "dataplane.admin.address",
  adminPort: "dataplane.admin.port",
  adminSocketPath: "dataplane.admin.socketPath",
  readinessPort: "dataplane.readinessReporter.port",
  appProbeProxyEnabled: "dataplane.appProbeProxy.enabled",
  dnsPort: "dataplane.dns.port",
  resource: "dataplane.resource",
  proxyType: "dataplane.proxyType",
  dynamicMetadata: "dynamicMetadata",
  version: "version",
  features: "features",
  workdir: "workdir",
  metricsCertPath: "metricsCertPath",
  metricsKeyPath: "metricsKeyPath",
  systemCaPath: "systemCaPath",
  spireSocketPath: "spireAgent.socketPath",
  transparentProxy: "transparentProxy",
  ipv6Enabled: "ipv6Enabled",
  otelEnvInventory: "otelEnvInventory",
} as const;

/** Dynamic metadata of this prefix are versions of what runs beside Envoy. */
const DEPENDENCY_PREFIX = "version.dependencies.";

export interface ProxyVersion {
  readonly kumaDp: {
    readonly version: string;
    readonly gitTag: string;
    readonly gitCommit: string;
    readonly buildDate: string;
  };
  readonly envoy: { readonly version: string; readonly build: string; readonly kumaDpCompatible: boolean };
  readonly dependencies: Readonly<Record<string, string>>;
}

export interface NodeMetadata {
  /** "" when absent, which means dataplane. */
  readonly proxyType: string;
  readonly admin: { readonly port: number; readonly address: string; readonly socketPath: string };
  readonly readinessPort: number;
  readonly appProbeProxyEnabled: boolean;
  readonly dnsPort: number;
  /** Text (JSON or YAML) of the resource that the proxy brings itself; undefined: the resource was made by somebody else. */
  readonly resource: string | undefined;
  readonly features: ReadonlySet<string>;
  readonly version: ProxyVersion | undefined;
  readonly workdir: string;
  readonly metricsCertPath: string;
  readonly metricsKeyPath: string;
  readonly systemCaPath: string;
  readonly spireSocketPath: string;
  readonly ipv6Enabled: boolean;
  readonly transparentProxy: JsonObject | undefined;
  readonly otelEnvInventory: JsonObject | undefined;
  readonly dynamicMetadata: Readonly<Record<string, string>>;
  /** As it came: stored with the insight, for those who inspect the proxy later. */
  readonly raw: JsonObject;
}

export function readNodeMetadata(raw: JsonObject): NodeMetadata {
  const field = (name: keyof typeof METADATA_FIELDS): JsonValue | undefined => raw[METADATA_FIELDS[name]];
  const dynamic = Object.entries(objectOf(field("dynamicMetadata")) ?? {}).map(
    ([key, value]) => [key, textOf(value)] as const,
  );
  const ipv6Enabled = field("ipv6Enabled");
  const resource = textOf(field("resource"));
  return {
    proxyType: textOf(field("proxyType")),
    admin: {
      port: portOf(field("adminPort")),
      address: textOf(field("adminAddress")),
      socketPath: textOf(field("adminSocketPath")),
    },
    readinessPort: portOf(field("readinessPort")),
    appProbeProxyEnabled: field("appProbeProxyEnabled") === "true",
    dnsPort: portOf(field("dnsPort")),
    resource: resource === "" ? undefined : resource,
    features: new Set(listOf(field("features")).map(textOf)),
    version: versionOf(
      field("version"),
      dynamic.filter(([key]) => key.startsWith(DEPENDENCY_PREFIX)),
    ),
    workdir: textOf(field("workdir")),
    metricsCertPath: textOf(field("metricsCertPath")),
    metricsKeyPath: textOf(field("metricsKeyPath")),
    systemCaPath: textOf(field("systemCaPath")),
    spireSocketPath: textOf(field("spireSocketPath")),
    // Proxies of old never said it, and had it.
    ipv6Enabled: ipv6Enabled === undefined || ipv6Enabled === true,
    transparentProxy: objectOf(field("transparentProxy")),
    otelEnvInventory: objectOf(field("otelEnvInventory")),
    dynamicMetadata: Object.fromEntries(dynamic.filter(([key]) => !key.startsWith(DEPENDENCY_PREFIX))),
    raw,
  };
}

function versionOf(
  value: JsonValue | undefined,
  dynamic: readonly (readonly [string, string])[],
): ProxyVersion | undefined {
  const version = objectOf(value);
  if (version === undefined) return undefined;
  const kumaDp = objectOf(version["kumaDp"]) ?? {};
  const envoy = objectOf(version["envoy"]) ?? {};
  const dependencies = Object.entries(objectOf(version["dependencies"]) ?? {}).map(
    ([name, text]) => [name, textOf(text)] as const,
  );
  return {
    kumaDp: {
      version: textOf(kumaDp["version"]),
      gitTag: textOf(kumaDp["gitTag"]),
      gitCommit: textOf(kumaDp["gitCommit"]),
      buildDate: textOf(kumaDp["buildDate"]),
    },
    envoy: {
      version: textOf(envoy["version"]),
      build: textOf(envoy["build"]),
      kumaDpCompatible: envoy["kumaDpCompatible"] === true,
    },
    dependencies: Object.fromEntries([
      ...dependencies,
      ...dynamic.map(([key, text]) => [key.slice(DEPENDENCY_PREFIX.length), text] as const),
    ]),
  };
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function portOf(value: JsonValue | undefined): number {
  return typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : 0;
}

function objectOf(value: JsonValue | undefined): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}
