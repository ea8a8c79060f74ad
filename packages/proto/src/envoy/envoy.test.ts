import { readFileSync } from "node:fs";
import { create, fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { allEnvoyTypes } from "./all.ts";
import { RouteMatchSchema } from "./gen/envoy/config/route/v3/route_components_pb.ts";
import { OpenTelemetryAccessLogConfigSchema } from "./gen/envoy/extensions/access_loggers/open_telemetry/v3/logs_service_pb.ts";
import { StdoutAccessLogSchema } from "./gen/envoy/extensions/access_loggers/stream/v3/stream_pb.ts";
import { KafkaBrokerSchema } from "./gen/envoy/extensions/filters/network/kafka_broker/v3/kafka_broker_pb.ts";
import { ConfigSchema as SetFilterStateSchema } from "./gen/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.ts";
import { HealthCheckSpecifierSchema } from "./gen/envoy/service/health/v3/hds_pb.ts";
import {
  envoyFromJson,
  envoyRegistry,
  envoyToBinary,
  envoyToJson,
  packEnvoy,
  typeUrlOf,
  unpackEnvoy,
} from "./index.ts";

interface RecordedDump {
  readonly proxy: string;
  readonly config: { readonly "@type": string };
}

const dumps = readFileSync(new URL("../../testdata/envoy/config-dumps.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as RecordedDump);

/** The types in everything that was recorded from Envoy 1.40 under Kuma 2.14.3, also in recordings that are not kept here. */
const RECORDED_TYPES = [
  "envoy.admin.v3.BootstrapConfigDump",
  "envoy.admin.v3.ClustersConfigDump",
  "envoy.admin.v3.EndpointsConfigDump",
  "envoy.admin.v3.ListenersConfigDump",
  "envoy.admin.v3.RoutesConfigDump",
  "envoy.admin.v3.ScopedRoutesConfigDump",
  "envoy.admin.v3.SecretsConfigDump",
  "envoy.config.cluster.v3.Cluster",
  "envoy.config.endpoint.v3.ClusterLoadAssignment",
  "envoy.config.listener.v3.Listener",
  "envoy.config.rbac.v3.Action",
  "envoy.config.route.v3.RouteConfiguration",
  "envoy.extensions.access_loggers.file.v3.FileAccessLog",
  "envoy.extensions.filters.http.rbac.v3.RBAC",
  "envoy.extensions.filters.http.router.v3.Router",
  "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
  "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
  "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
  "envoy.extensions.matching.common_inputs.ssl.v3.UriSanInput",
  "envoy.extensions.regex_engines.v3.GoogleRE2",
  "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
  "envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig",
  "envoy.extensions.transport_sockets.tls.v3.Secret",
  "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
];

/** Types that Kuma 2.14.3 emits in states that were not recorded. */
const EMITTED_TYPES = [
  "envoy.config.grpc_credential.v3.FileBasedMetadataConfig",
  "envoy.config.trace.v3.DatadogConfig",
  "envoy.config.trace.v3.OpenTelemetryConfig",
  "envoy.config.trace.v3.ZipkinConfig",
  "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
  "envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
  "envoy.extensions.common.matching.v3.ExtensionWithMatcher",
  "envoy.extensions.compression.gzip.compressor.v3.Gzip",
  "envoy.extensions.filters.common.matcher.action.v3.SkipFilter",
  "envoy.extensions.filters.http.compressor.v3.Compressor",
  "envoy.extensions.filters.http.fault.v3.HTTPFault",
  "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
  "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
  "envoy.extensions.filters.http.lua.v3.Lua",
  "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector",
  "envoy.extensions.filters.listener.original_dst.v3.OriginalDst",
  "envoy.extensions.filters.network.direct_response.v3.Config",
  "envoy.extensions.filters.network.echo.v3.Echo",
  "envoy.extensions.filters.network.kafka_broker.v3.KafkaBroker",
  "envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit",
  "envoy.extensions.filters.network.rbac.v3.RBAC",
  "envoy.extensions.filters.network.set_filter_state.v3.Config",
  "envoy.extensions.filters.udp.dns_filter.v3.DnsFilterConfig",
  "envoy.extensions.health_check.event_sinks.file.v3.HealthCheckEventFileSink",
  "envoy.extensions.matching.common_inputs.network.v3.ServerNameInput",
  "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
  "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
  "envoy.extensions.retry.host.omit_host_metadata.v3.OmitHostMetadataConfig",
  "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
  "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
  "envoy.service.discovery.v3.DeltaDiscoveryResponse",
  "envoy.service.health.v3.HealthCheckSpecifier",
  "envoy.service.runtime.v3.Runtime",
];

/** What no registry of ours knows, and why nothing needs it. */
const UNKNOWN_TYPES: Record<string, string> = {
  "envoy.api.v2.Cluster": "v2 of the API left Envoy with 1.18",
  "envoy.config.trace.v3.OpenCensusConfig": "left Envoy with 1.33; its imports are not in the snapshot",
};

describe("recorded config dumps of Envoy 1.40", () => {
  for (const { proxy, config } of dumps) {
    it(`${proxy}: ${config["@type"]} survives JSON -> bytes -> JSON`, () => {
      const message = fromJson(AnySchema, config, { registry: envoyRegistry });
      const decoded = fromBinary(AnySchema, toBinary(AnySchema, message));
      expect(toJson(AnySchema, decoded, { registry: envoyRegistry, useProtoFieldName: true })).toEqual(config);
    });
  }

  it("have the types that are listed, all of them known", () => {
    const found = new Set<string>();
    for (const { config } of dumps) typesIn(config, found);
    expect([...found].sort()).toEqual(RECORDED_TYPES.map(typeUrlOf));
  });
});

describe("registries", () => {
  it.each([...RECORDED_TYPES, ...EMITTED_TYPES])("both know %s", (name) => {
    expect(envoyRegistry.getMessage(name)?.typeName).toBe(name);
    expect(allEnvoyTypes().getMessage(name)?.typeName).toBe(name);
  });

  it("know every type that is not given up on purpose", () => {
    for (const name of Object.keys(UNKNOWN_TYPES)) expect(allEnvoyTypes().getMessage(name), name).toBeUndefined();
  });

  it("of all types has what only users write", () => {
    for (const name of ["ext_authz.v3.ExtAuthz", "jwt_authn.v3.JwtAuthentication", "wasm.v3.Wasm"]) {
      expect(allEnvoyTypes().getMessage(`envoy.extensions.filters.http.${name}`), name).toBeDefined();
    }
  });
});

describe("the overlay", () => {
  it("adds the fields that Envoy has got since the snapshot, by their numbers", () => {
    const numbers = (schema: typeof RouteMatchSchema | typeof OpenTelemetryAccessLogConfigSchema, names: string[]) =>
      names.map((name) => schema.fields.find((field) => field.name === name)?.number);
    expect(numbers(RouteMatchSchema, ["filter_state"])).toEqual([16]);
    expect(
      numbers(OpenTelemetryAccessLogConfigSchema, [
        "http_service",
        "grpc_service",
        "log_name",
        "buffer_flush_interval",
        "buffer_size_bytes",
        "filter_state_objects_to_log",
        "custom_tags",
      ]),
    ).toEqual([8, 9, 10, 11, 12, 13, 14]);
    expect(SetFilterStateSchema.fields.map(({ name, number }) => [name, number])).toEqual([
      ["on_downstream_tls_handshake", 2],
      ["on_downstream_data", 3],
      ["on_new_connection", 1],
    ]);
  });
});

describe("Any", () => {
  it("round trips and names the type", () => {
    const any = packEnvoy(KafkaBrokerSchema, create(KafkaBrokerSchema, { statPrefix: "kafka" }));
    expect(any.typeUrl).toBe("type.googleapis.com/envoy.extensions.filters.network.kafka_broker.v3.KafkaBroker");
    const unpacked = unpackEnvoy(any);
    expect(unpacked.ok && unpacked.value.message).toEqual(create(KafkaBrokerSchema, { statPrefix: "kafka" }));
  });

  it("of unknown types and of broken bytes is an error", () => {
    expect(unpackEnvoy({ typeUrl: typeUrlOf("envoy.api.v2.Cluster"), value: new Uint8Array() }).ok).toBe(false);
    expect(unpackEnvoy({ typeUrl: typeUrlOf(KafkaBrokerSchema.typeName), value: new Uint8Array([0x0a, 5]) }).ok).toBe(
      false,
    );
  });

  it("does not depend on the order in which a map was filled", () => {
    const log = (json: string[]) => {
      const parsed = envoyFromJson(StdoutAccessLogSchema, {
        logFormat: { jsonFormat: Object.fromEntries(json.map((key) => [key, key])) },
      });
      if (!parsed.ok) throw new Error(parsed.error);
      return envoyToBinary(StdoutAccessLogSchema, parsed.value);
    };
    expect(log(["b", "a", "1"])).toEqual(log(["1", "a", "b"]));
  });
});

describe("JSON", () => {
  it("reads names of the descriptions and lower camel case", () => {
    const snake = envoyFromJson(HealthCheckSpecifierSchema, { cluster_health_checks: [{ cluster_name: "a" }] });
    const camel = envoyFromJson(HealthCheckSpecifierSchema, { clusterHealthChecks: [{ clusterName: "a" }] });
    expect(snake).toEqual(camel);
    expect(snake.ok && envoyToJson(HealthCheckSpecifierSchema, snake.value)).toEqual({
      ok: true,
      value: { clusterHealthChecks: [{ clusterName: "a" }] },
    });
  });

  it("names the unknown field", () => {
    expect(envoyFromJson(HealthCheckSpecifierSchema, { intervall: "1s" })).toEqual({
      ok: false,
      error: expect.stringContaining("intervall"),
    });
  });
});

function typesIn(value: unknown, found: Set<string>): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "@type" && typeof inner === "string") found.add(inner);
    typesIn(inner, found);
  }
}
