/**
 * The bootstrap configuration of an Envoy, as Kuma 2.14.3 makes it: field for field what the recordings show. Proto3 JSON of
 * `envoy.config.bootstrap.v3.Bootstrap`, written by hand because the program need not load Envoy's messages for it.
 * Source: kuma v2.14.3: pkg/xds/bootstrap/template_v3.go.
 */
import { isIP } from "node:net";
import type { JsonObject, JsonValue } from "@isthmus/std";
import { METADATA_FIELDS } from "../node/node-metadata.ts";
import { nodeIdOf } from "../node/proxy-id.ts";
import type { BootstrapRequest } from "./bootstrap-request.ts";
import { otelInventoryValue, transparentProxyValue, versionValue } from "./node-values.ts";
import { socketPath } from "./socket-path.ts";

const TYPE = "type.googleapis.com/envoy";
const FEATURE_DELTA = "feature-delta-grpc";
const FEATURE_UNIFIED_NAMES = "feature-unified-resource-naming";
const CP_VALIDATION = "cp_validation_ctx";
const FIXED_HEAP = "envoy.resource_monitors.fixed_heap";
const FILE_CREDENTIALS = "envoy.grpc_credentials.file_based_metadata";

export interface BootstrapSettings {
  readonly adminAddress: string;
  /** Where the resource names none. */
  readonly adminPort: number;
  readonly isAdminUnixSocket: boolean;
  /** "": no log. */
  readonly adminAccessLogPath: string;
  /** As Envoy reads it: `1s`. */
  readonly xdsConnectTimeout: string;
  /** Where the control plane may refuse TLS 1.2, the newest that an Envoy speaks unasked. */
  readonly xdsTlsMaxVersion?: "TLSv1_3";
  readonly xdsGrpcMaxReceiveMessageBytes: number;
  /** Proxies that name a file of their token read it themselves, and again when it changes. */
  readonly usesTokenFiles: boolean;
  readonly isHealthServed: boolean;
  /** 0: 50,000. */
  readonly gatewayMaxConnections: number;
}

/** What is known besides the request. */
export interface BootstrapFacts {
  /** "dataplane", "ingress" or "egress". */
  readonly proxyType: string;
  /** `node.cluster`. */
  readonly service: string;
  readonly xdsHost: string;
  readonly xdsPort: number;
  /** The host name has IPv4 addresses only. */
  readonly isHostIpv4Only: boolean;
  /** PEM that Envoy verifies the control plane with; undefined: nothing is handed out. */
  readonly ca: string | undefined;
  /** 0: `settings.adminPort`. */
  readonly resourceAdminPort: number;
  readonly isBuiltinGateway: boolean;
  /** The mesh has MeshServices only. */
  readonly isMeshExclusive: boolean;
}

export function bootstrapDocument(
  request: BootstrapRequest,
  facts: BootstrapFacts,
  settings: BootstrapSettings,
): JsonObject {
  const hasUnifiedNames = facts.isMeshExclusive && request.features.includes(FEATURE_UNIFIED_NAMES);
  const adsCluster = hasUnifiedNames ? "system_ads" : "ads_cluster";
  const sinkCluster = hasUnifiedNames ? "system_access_log_sink" : "access_log_sink";
  const usesTokenFile = settings.usesTokenFiles && request.tokenPath !== "";
  const apiConfig = (apiType: string): JsonObject => ({
    apiType,
    transportApiVersion: "V3",
    setNodeOnFirstMessageOnly: true,
    grpcServices: [grpcService(request, facts, settings, usesTokenFile ? undefined : adsCluster)],
  });
  const ads = { ads: {}, initialFetchTimeout: "0s", resourceApiVersion: "V3" };
  const adminPort = facts.resourceAdminPort === 0 ? settings.adminPort : facts.resourceAdminPort;
  return {
    node: {
      id: nodeIdOf(request),
      cluster: facts.service,
      metadata: nodeMetadata(request, facts, settings, adminPort),
    },
    layeredRuntime: { layers: runtimeLayers(facts) },
    statsConfig: { statsTags: STATS_TAGS.map(([tagName, regex]) => ({ tagName, regex })) },
    dynamicResources: {
      ldsConfig: ads,
      cdsConfig: ads,
      adsConfig: apiConfig(request.features.includes(FEATURE_DELTA) ? "DELTA_GRPC" : "GRPC"),
    },
    ...(settings.isHealthServed && facts.proxyType === "dataplane" ? { hdsConfig: apiConfig("GRPC") } : {}),
    staticResources: {
      secrets: [controlPlaneValidation(facts)],
      clusters: [
        accessLogSink(request, settings, sinkCluster),
        ...(usesTokenFile ? [] : [controlPlaneCluster(facts, settings, adsCluster)]),
      ],
    },
    defaultRegexEngine: {
      name: "envoy.regex_engines.google_re2",
      typedConfig: { "@type": `${TYPE}.extensions.regex_engines.v3.GoogleRE2` },
    },
    ...(facts.isBuiltinGateway ? { overloadManager: overloadManager(request, settings) } : {}),
    ...(adminPort === 0 ? {} : { admin: admin(request, settings, adminPort) }),
  };
}

/** Where Envoy's admin interface listens; undefined: on a port. */
export function adminSocketPath(
  { workdir }: BootstrapRequest,
  { isAdminUnixSocket }: BootstrapSettings,
): string | undefined {
  return isAdminUnixSocket && workdir !== "" ? socketPath(workdir, "kuma-envoy-admin") : undefined;
}

const STATS_TAGS = [
  ["name", "^grpc\\.((.+)\\.)"],
  ["status", "^grpc.*streams_closed(_([0-9]+))"],
  ["kafka_name", "^kafka(\\.(\\S*[0-9]))\\."],
  ["kafka_type", "^kafka\\..*\\.(.*?(?=_duration|$))"],
  ["worker", "(worker_([0-9]+)\\.)"],
  ["listener", "((.+?)\\.)rbac\\."],
] as const;

function nodeMetadata(
  request: BootstrapRequest,
  facts: BootstrapFacts,
  settings: BootstrapSettings,
  adminPort: number,
): JsonObject {
  const adminSocket = adminSocketPath(request, settings);
  const optional: [keyof typeof METADATA_FIELDS, JsonValue, boolean][] = [
    ["resource", request.resource, request.resource !== ""],
    ["adminPort", String(adminPort), adminPort !== 0],
    ["adminAddress", settings.adminAddress, adminPort !== 0],
    ["adminSocketPath", adminSocket ?? "", adminPort !== 0 && adminSocket !== undefined],
    ["dnsPort", String(request.dnsPort), request.dnsPort !== 0],
    ["readinessPort", String(request.readinessPort), request.readinessPort !== 0],
    ["appProbeProxyEnabled", "true", request.isAppProbeProxyEnabled],
    ["dynamicMetadata", request.dynamicMetadata, Object.keys(request.dynamicMetadata).length > 0],
    ["transparentProxy", transparentProxyValue(request.transparentProxy ?? {}), request.transparentProxy !== undefined],
    ["otelEnvInventory", otelInventoryValue(request.otelEnv ?? {}), request.otelEnv !== undefined],
  ];
  return {
    [METADATA_FIELDS.version]: versionValue(request.version),
    [METADATA_FIELDS.features]: [...new Set(request.features)],
    [METADATA_FIELDS.workdir]: request.workdir,
    [METADATA_FIELDS.metricsCertPath]: request.metricsCertPath,
    [METADATA_FIELDS.metricsKeyPath]: request.metricsKeyPath,
    [METADATA_FIELDS.systemCaPath]: request.systemCaPath,
    [METADATA_FIELDS.ipv6Enabled]: request.ipv6Enabled,
    [METADATA_FIELDS.spireSocketPath]: request.spireSocketPath,
    [METADATA_FIELDS.proxyType]: facts.proxyType,
    ...Object.fromEntries(
      optional.filter(([, , isSet]) => isSet).map(([name, value]) => [METADATA_FIELDS[name], value]),
    ),
  };
}

function runtimeLayers({ isBuiltinGateway }: BootstrapFacts): JsonObject[] {
  const layers: JsonObject[] = [
    {
      name: "kuma",
      staticLayer: { "re2.max_program_size.error_level": 4_294_967_295, "re2.max_program_size.warn_level": 1_000 },
    },
  ];
  const name = "gateway.listeners";
  if (isBuiltinGateway) layers.push({ name, rtdsLayer: { name, rtdsConfig: { ads: {}, resourceApiVersion: "V3" } } });
  return layers;
}

/** @param clusterName undefined: Envoy reads its token from the file, which only its other gRPC client can do. */
function grpcService(
  request: BootstrapRequest,
  facts: BootstrapFacts,
  settings: BootstrapSettings,
  clusterName: string | undefined,
): JsonObject {
  if (clusterName !== undefined) {
    return {
      envoyGrpc: { clusterName },
      ...(request.token === "" ? {} : { initialMetadata: [{ key: "authorization", value: request.token }] }),
    };
  }
  const { ca, xdsHost, xdsPort } = facts;
  const integer = (intValue: number): JsonObject => ({ intValue: String(intValue) });
  return {
    googleGrpc: {
      targetUri: isIP(xdsHost) === 6 ? `[${xdsHost}]:${xdsPort}` : `${xdsHost}:${xdsPort}`,
      statPrefix: "ads",
      credentialsFactoryName: FILE_CREDENTIALS,
      callCredentials: [
        {
          fromPlugin: {
            name: FILE_CREDENTIALS,
            typedConfig: {
              "@type": `${TYPE}.config.grpc_credential.v3.FileBasedMetadataConfig`,
              secretData: { filename: request.tokenPath },
            },
          },
        },
      ],
      channelArgs: {
        args: {
          "grpc.keepalive_time_ms": integer(10_000),
          "grpc.keepalive_timeout_ms": integer(30_000),
          "grpc.http2.max_pings_without_data": integer(0),
          "grpc.max_receive_message_length": integer(settings.xdsGrpcMaxReceiveMessageBytes),
        },
      },
      ...(ca === undefined ? {} : { channelCredentials: { sslCredentials: { rootCerts: inlineBytes(ca) } } }),
    },
  };
}

function controlPlaneValidation({ xdsHost, ca }: BootstrapFacts): JsonObject {
  return {
    name: CP_VALIDATION,
    validationContext: {
      matchTypedSubjectAltNames: ["DNS", "IP_ADDRESS"].map((sanType) => ({ sanType, matcher: { exact: xdsHost } })),
      trustedCa: inlineBytes(ca ?? ""),
    },
  };
}

/** Nothing serves it any more; Kuma still hands it out. */
function accessLogSink(
  { workdir, name, mesh }: BootstrapRequest,
  settings: BootstrapSettings,
  cluster: string,
): JsonObject {
  const path = socketPath(workdir, `kuma-al-${name}-${mesh}`);
  return { ...staticCluster(cluster, { pipe: { path } }, settings), type: "STATIC" };
}

function controlPlaneCluster(facts: BootstrapFacts, settings: BootstrapSettings, cluster: string): JsonObject {
  const { xdsHost, xdsPort, isHostIpv4Only } = facts;
  const address = { socketAddress: { address: xdsHost, portValue: xdsPort } };
  return {
    ...staticCluster(cluster, address, settings),
    type: isIP(xdsHost) === 0 ? "STRICT_DNS" : "STATIC",
    ...(isHostIpv4Only ? { dnsLookupFamily: "V4_ONLY" } : {}),
    transportSocket: {
      name: "envoy.transport_sockets.tls",
      typedConfig: {
        "@type": `${TYPE}.extensions.transport_sockets.tls.v3.UpstreamTlsContext`,
        sni: xdsHost,
        commonTlsContext: {
          tlsParams: {
            tlsMinimumProtocolVersion: "TLSv1_2",
            ...(settings.xdsTlsMaxVersion && { tlsMaximumProtocolVersion: settings.xdsTlsMaxVersion }),
          },
          validationContextSdsSecretConfig: { name: CP_VALIDATION },
        },
      },
    },
  };
}

function staticCluster(name: string, address: JsonObject, { xdsConnectTimeout }: BootstrapSettings): JsonObject {
  return {
    name,
    connectTimeout: xdsConnectTimeout,
    loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints: [{ endpoint: { address } }] }] },
    upstreamConnectionOptions: { tcpKeepalive: { keepaliveProbes: 3, keepaliveTime: 10, keepaliveInterval: 10 } },
    typedExtensionProtocolOptions: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": `${TYPE}.extensions.upstreams.http.v3.HttpProtocolOptions`,
        explicitHttpConfig: { http2ProtocolOptions: {} },
      },
    },
  };
}

function admin(request: BootstrapRequest, settings: BootstrapSettings, port: number): JsonObject {
  const { adminAddress, adminAccessLogPath } = settings;
  const path = adminSocketPath(request, settings);
  const typedConfig = { "@type": `${TYPE}.extensions.access_loggers.file.v3.FileAccessLog`, path: adminAccessLogPath };
  return {
    address:
      path === undefined
        ? { socketAddress: { address: adminAddress, portValue: port } }
        : { pipe: { path, mode: 0o600 } },
    ...(adminAccessLogPath === "" ? {} : { accessLog: [{ name: "envoy.access_loggers.file", typedConfig }] }),
  };
}

function overloadManager(
  { maxHeapSizeBytes }: BootstrapRequest,
  { gatewayMaxConnections }: BootstrapSettings,
): JsonObject {
  const connections = {
    name: "envoy.resource_monitors.global_downstream_max_connections",
    typedConfig: {
      "@type": `${TYPE}.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig`,
      maxActiveDownstreamConnections: String(gatewayMaxConnections === 0 ? 50_000 : gatewayMaxConnections),
    },
  };
  if (maxHeapSizeBytes === 0) return { refreshInterval: "0.250s", resourceMonitors: [connections] };
  const heap = {
    name: FIXED_HEAP,
    typedConfig: {
      "@type": `${TYPE}.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig`,
      maxHeapSizeBytes: String(maxHeapSizeBytes),
    },
  };
  const action = (name: string, value: number): JsonObject => ({
    name: `envoy.overload_actions.${name}`,
    triggers: [{ name: FIXED_HEAP, threshold: { value } }],
  });
  return {
    refreshInterval: "0.250s",
    resourceMonitors: [connections, heap],
    actions: [action("shrink_heap", 0.95), action("stop_accepting_requests", 0.98)],
  };
}

function inlineBytes(text: string): JsonObject {
  return { inlineBytes: Buffer.from(text).toString("base64") };
}
