/**
 * Everything that `isthmus dp run` may be told: kuma-dp's flags and variables by their names, and the few of our own.
 * Source: kuma v2.14.3: app/kuma-dp/cmd/run.go, pkg/config/app/kuma-dp/config.go.
 */

export interface DpOption {
  /** Without dashes; of settings that have no flag it is the name in messages. */
  readonly name: string;
  readonly hasFlag: boolean;
  readonly short?: string;
  /** Ends of `KUMA_*` and `ISTHMUS_*`; undefined: a flag only. */
  readonly variable: string | undefined;
  /** As help shows it; "": a switch. */
  readonly value: string;
  readonly fallback: string;
  readonly what: string;
}

const RUNTIME = "DATAPLANE_RUNTIME";

const flag = (name: string, variable: string | undefined, value: string, fallback: string, what: string): DpOption => ({
  name,
  hasFlag: true,
  variable,
  value,
  fallback,
  what,
});
const variableOnly = (name: string, variable: string, value: string, fallback: string, what: string): DpOption => ({
  ...flag(name, variable, value, fallback, what),
  hasFlag: false,
});

/** Names of all, so that a misspelt one does not compile. */
export const DP_OPTIONS = {
  cpAddress: flag(
    "cp-address",
    "CONTROL_PLANE_URL",
    "<url>",
    "https://localhost:5678",
    "data-plane server of the zone's control plane",
  ),
  caCertFile: flag(
    "ca-cert-file",
    "CONTROL_PLANE_CA_CERT_FILE",
    "<file>",
    "",
    "certificates to verify the control plane with; else those of the system",
  ),
  caCert: variableOnly("ca-cert", "CONTROL_PLANE_CA_CERT", "<pem>", "", "the same as text; wins over the file"),
  skipVerify: flag(
    "skip-verify",
    "CONTROL_PLANE_TLS_SKIP_VERIFY",
    "",
    "false",
    "take any certificate when asking for the bootstrap",
  ),
  retryBackoff: variableOnly(
    "retry-backoff",
    "CONTROL_PLANE_RETRY_BACKOFF",
    "<duration>",
    "3s",
    "pause between attempts to get a bootstrap",
  ),
  retryMaxDuration: variableOnly(
    "retry-max-duration",
    "CONTROL_PLANE_RETRY_MAX_DURATION",
    "<duration>",
    "5m",
    "after which it gives up",
  ),
  proxyType: flag("proxy-type", "DATAPLANE_PROXY_TYPE", "<type>", "dataplane", "dataplane, ingress or egress"),
  name: flag("name", "DATAPLANE_NAME", "<name>", "", "of a proxy whose resource the control plane has already"),
  mesh: flag("mesh", "DATAPLANE_MESH", "<mesh>", "", "of that proxy, where it is a dataplane"),
  dataplane: flag(
    "dataplane",
    `${RUNTIME}_RESOURCE`,
    "<text>",
    "",
    "the resource of the proxy, YAML or JSON, a template",
  ),
  dataplaneFile: {
    ...flag(
      "dataplane-file",
      `${RUNTIME}_RESOURCE_PATH`,
      "<file>",
      "",
      "file with that template, - for standard input",
    ),
    short: "d",
  },
  token: flag("dataplane-token", `${RUNTIME}_TOKEN`, "<token>", "", "token of the proxy"),
  tokenFile: flag("dataplane-token-file", `${RUNTIME}_TOKEN_PATH`, "<file>", "", "file with that token"),
  binaryPath: flag(
    "binary-path",
    `${RUNTIME}_BINARY_PATH`,
    "<path>",
    "envoy",
    "Envoy: a path, or a name on PATH; else the one that tests use",
  ),
  workDir: flag(
    "work-dir",
    `${RUNTIME}_WORK_DIR`,
    "<folder>",
    "",
    "where the bootstrap and sockets lie; else a new temporary folder",
  ),
  configDir: flag("config-dir", `${RUNTIME}_CONFIG_DIR`, "<folder>", "", "older name of --work-dir"),
  drainTime: flag(
    "drain-time",
    "DATAPLANE_DRAIN_TIME",
    "<duration>",
    "30s",
    "how long connections may end after a signal to stop",
  ),
  readinessPort: flag(
    "readiness-port",
    "READINESS_PORT",
    "<port>",
    "9902",
    "where /ready is answered; 0 takes a free one",
  ),
  concurrency: flag(
    "concurrency",
    `${RUNTIME}_CONCURRENCY`,
    "<count>",
    "0",
    "worker threads of Envoy; 0: as many as it may use CPUs",
  ),
  envoyLogLevel: flag("envoy-log-level", `${RUNTIME}_ENVOY_LOG_LEVEL`, "<level>", "", "else that of --log-level"),
  envoyComponentLogLevel: flag(
    "envoy-component-log-level",
    `${RUNTIME}_ENVOY_COMPONENT_LOG_LEVEL`,
    "<levels>",
    "",
    "as Envoy takes it, such as upstream:debug,config:trace",
  ),
  logLevel: flag("log-level", undefined, "<level>", "info", "debug, info, warn, error or off"),
  metricsCertPath: flag(
    "metrics-cert-path",
    `${RUNTIME}_METRICS_CERT_PATH`,
    "<file>",
    "",
    "certificate of the metrics listener",
  ),
  metricsKeyPath: flag("metrics-key-path", `${RUNTIME}_METRICS_KEY_PATH`, "<file>", "", "its key"),
  bindOutbounds: flag("bind-outbounds", `${RUNTIME}_BIND_OUTBOUNDS`, "", "false", "bind outbounds to their addresses"),
  transparentProxy: flag(
    "transparent-proxy",
    undefined,
    "",
    "false",
    "the machine redirects the traffic of the workload to Envoy",
  ),
  transparentProxyConfig: flag(
    "transparent-proxy-config",
    undefined,
    "<files>",
    "",
    "the same with settings: files, separated by commas",
  ),
  dnsEnabled: flag("dns-enabled", "DNS_ENABLED", "", "true", "answer names of the mesh, with a transparent proxy"),
  dnsProxyPort: flag("dns-proxy-port", "DNS_PROXY_PORT", "<port>", "15053", "where they are asked for"),
  maxMemoryBytes: variableOnly(
    "max-memory-bytes",
    "DATAPLANE_RESOURCES_MAX_MEMORY_BYTES",
    "<bytes>",
    "0",
    "memory of Envoy; 0: the limit of the control group",
  ),
  systemCaPath: variableOnly(
    "system-ca-path",
    `${RUNTIME}_DYNAMIC_SYSTEM_CA_PATH`,
    "<file>",
    "",
    "certificates that the system trusts; else looked for",
  ),
  xdsVariant: variableOnly(
    "xds-transport-protocol-variant",
    `${RUNTIME}_ENVOY_XDS_TRANSPORT_PROTOCOL_VARIANT`,
    "<variant>",
    "",
    "GRPC or DELTA_GRPC",
  ),
  refreshInterval: variableOnly(
    "dynamic-configuration-refresh-interval",
    `${RUNTIME}_DYNAMIC_CONFIGURATION_REFRESH_INTERVAL`,
    "<duration>",
    "1s",
    "how often documents for the runner are asked for in Envoy",
  ),
  unifiedNaming: variableOnly(
    "unified-resource-naming-enabled",
    `${RUNTIME}_UNIFIED_RESOURCE_NAMING_ENABLED`,
    "",
    "false",
    "newer names of Envoy's resources",
  ),
  ipv6: variableOnly("ipv6-enabled", `${RUNTIME}_IPV6_ENABLED`, "", "true", "where the machine has IPv6 addresses"),
  strictInboundPorts: variableOnly(
    "strict-inbound-ports-enabled",
    `${RUNTIME}_STRICT_INBOUND_PORTS_ENABLED`,
    "",
    "true",
    "inbound traffic reaches declared ports only",
  ),
  reusePort: variableOnly(
    "reuse-port-enabled",
    `${RUNTIME}_REUSE_PORT_ENABLED`,
    "",
    "true",
    "each worker of Envoy has a listening socket of its own",
  ),
} as const satisfies Readonly<Record<string, DpOption>>;

export type DpOptionKey = keyof typeof DP_OPTIONS;

/** Variables of an option, later ones winning. */
export function variablesOf({ variable }: DpOption): readonly string[] {
  return variable === undefined ? [] : [`KUMA_${variable}`, `ISTHMUS_${variable}`];
}
