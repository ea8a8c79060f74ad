/**
 * Where traces go: a tracer for Envoy's listeners, and the cluster that it sends to.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshtrace/plugin.
 */
import { isIP } from "node:net";
import type { Tracing_HttpJson } from "@isthmus/proto/envoy/config/trace/v3/http_tracer";
import { flagOf, objectOf, objectsOf, textOf } from "@isthmus/resources";
import { assertNever, type JsonObject } from "@isthmus/std";
import { nameIn } from "@isthmus/topology";
import { systemName } from "../build/system-names.ts";
import { typed } from "../draft/any.ts";
import type { ClusterDraft } from "../draft/draft.ts";
import type { Role } from "../draft/role.ts";
import { type ProxyTraits, type Socket, TELEMETRY_PIPE_FEATURE } from "../proxy-traits.ts";
import { type CollectorOptions, collectorCluster, collectorSocket, collectorTls } from "./collector-cluster.ts";
import { type OtelBackend, signalPath } from "./otel-backend.ts";

const ROLE: Role = { kind: "system", origin: "mesh-trace" };
const TRACERS = "envoy.config.trace.v3";
const EXPORT_TIMEOUT = "10s";
const HTTP_PORT = 80;
const HTTPS_PORT = 443;

export interface TracedHop {
  /** What the proxy is called. */
  readonly service: string;
  readonly direction: "INBOUND" | "OUTBOUND" | "UNSPECIFIED";
  /** "" where it is not known. */
  readonly destination: string;
}

export interface TraceBackend {
  readonly cluster: ClusterDraft;
  tracerFor(hop: TracedHop): Tracing_HttpJson;
}

export interface TraceSurroundings {
  readonly isUnifiedNaming: boolean;
  /** The proxy has an IPv6 address. */
  readonly isIpv6: boolean;
  readonly traits: ProxyTraits;
  /** What a backend of OpenTelemetry leads to; undefined: nothing. */
  resolve(openTelemetry: JsonObject): OtelBackend | undefined;
  /** Socket of the runner that takes traces for the backend. */
  pipe(backend: OtelBackend): string;
}

/** `conf`: merged, with `backends`, of which Envoy takes one. A text: why there can be none; undefined: none is wanted. */
export function traceBackendOf(conf: JsonObject, surroundings: TraceSurroundings): TraceBackend | string | undefined {
  const [backend] = objectsOf(conf, "backends");
  if (backend === undefined) return undefined;
  const type = textOf(backend, "type");
  switch (type) {
    case "Zipkin":
      return zipkin(objectOf(backend, "zipkin"), surroundings);
    case "Datadog":
      return datadog(objectOf(backend, "datadog"), surroundings);
    case "OpenTelemetry":
      return openTelemetry(objectOf(backend, "openTelemetry"), surroundings);
    default:
      return `MeshTrace: unknown type of backend ${JSON.stringify(type)}`;
  }
}

function zipkin(conf: JsonObject, surroundings: TraceSurroundings): TraceBackend | string {
  const url = parseUrl(textOf(conf, "url"));
  if (url === undefined) return `MeshTrace: ${JSON.stringify(textOf(conf, "url"))} is no URL of a collector`;
  const isTls = url.protocol === "https:";
  const { socket } = url;
  const isName = isIP(socket.address) === 0;
  const tls = isTls ? { ...(isName ? { sni: socket.address } : {}), allowRenegotiation: true } : undefined;
  const cluster = clusterOf("zipkin", textOf(conf, "url"), socket, { isHttp2: false, tls }, surroundings);
  const tracer = tracerOf("zipkin", "ZipkinConfig", {
    collectorCluster: cluster.name,
    collectorEndpoint: url.path,
    collectorEndpointVersion: textOf(conf, "apiVersion") === "httpProto" ? "HTTP_PROTO" : "HTTP_JSON",
    collectorHostname: url.host,
    sharedSpanContext: conf.sharedSpanContext !== false,
    ...(flagOf(conf, "traceId128bit") ? { traceId128bit: true } : {}),
  });
  return { cluster, tracerFor: () => tracer };
}

function datadog(conf: JsonObject, surroundings: TraceSurroundings): TraceBackend | string {
  const url = parseUrl(textOf(conf, "url"));
  if (url === undefined) return `MeshTrace: ${JSON.stringify(textOf(conf, "url"))} is no URL of a collector`;
  const cluster = clusterOf("datadog", textOf(conf, "url"), url.socket, { isHttp2: false }, surroundings);
  const isSplit = flagOf(conf, "splitService");
  return {
    cluster,
    tracerFor: (hop) =>
      tracerOf("datadog", "DatadogConfig", {
        collectorCluster: cluster.name,
        serviceName: isSplit ? splitName(hop) : hop.service,
      }),
  };
}

/** For Datadog each direction and destination may be a service of its own. */
function splitName({ service, direction, destination }: TracedHop): string {
  switch (direction) {
    case "INBOUND":
      return `${service}_INBOUND`;
    case "OUTBOUND":
      return `${service}_OUTBOUND_${destination}`;
    case "UNSPECIFIED":
      return service;
    default:
      return assertNever(direction);
  }
}

function openTelemetry(conf: JsonObject, surroundings: TraceSurroundings): TraceBackend | string {
  const { traits } = surroundings;
  const backend = surroundings.resolve(conf);
  if (backend === undefined) return "MeshTrace: there is no MeshOpenTelemetryBackend with the labels of its backendRef";
  const { collector, name } = backend;
  const isPiped = backend.isResource && traits.features.has(TELEMETRY_PIPE_FEATURE);
  const socket: Socket = isPiped
    ? { kind: "pipe", path: surroundings.pipe(backend) }
    : collectorSocket(collector, traits);
  const isHttp = collector.isHttp && !isPiped;
  const tls = isPiped ? undefined : collectorTls(collector, traits);
  const cluster = clusterOf("opentelemetry", name, socket, { isHttp2: !isHttp, tls }, surroundings);
  const target = isHttp
    ? { httpService: { httpUri: { uri: uriOf(backend, socket), cluster: cluster.name, timeout: EXPORT_TIMEOUT } } }
    : { grpcService: { envoyGrpc: { clusterName: cluster.name } } };
  return {
    cluster,
    tracerFor: ({ service }) => tracerOf("opentelemetry", "OpenTelemetryConfig", { serviceName: service, ...target }),
  };
}

function uriOf({ collector }: OtelBackend, socket: Socket): string {
  const address = socket.kind === "tcp" ? socket.address : "";
  const host = address.includes(":") ? `[${address}]` : address;
  const scheme = collector.isHttps ? "https" : "http";
  return `${scheme}://${host}:${collector.port}${signalPath(collector, "v1/traces")}`;
}

type Provider = "zipkin" | "datadog" | "opentelemetry";

function clusterOf(
  provider: Provider,
  whose: string,
  socket: Socket,
  options: Omit<CollectorOptions, "isIpv6">,
  { isUnifiedNaming, isIpv6 }: TraceSurroundings,
): ClusterDraft {
  const name = nameIn(isUnifiedNaming, {
    legacy: `meshtrace:${provider}`,
    unified: systemName(`meshtrace_${provider === "opentelemetry" ? "otel" : provider}`, whose),
  });
  return collectorCluster(name, ROLE, socket, { ...options, isIpv6 });
}

function tracerOf(provider: Provider, message: string, config: JsonObject): Tracing_HttpJson {
  return { name: `envoy.tracers.${provider}`, typedConfig: typed(`${TRACERS}.${message}`, config) };
}

interface CollectorUrl {
  readonly protocol: string;
  readonly host: string;
  readonly path: string;
  readonly socket: Extract<Socket, { readonly kind: "tcp" }>;
}

function parseUrl(text: string): CollectorUrl | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, pathname, port } = new URL(text);
  const address = hostname.replace(/^\[(.*)\]$/, "$1");
  if (address === "") return undefined;
  const number = port === "" ? (protocol === "https:" ? HTTPS_PORT : HTTP_PORT) : Number(port);
  const written = /^[^:]+:\/\/(?:[^/@]*@)?([^/?#]+)/.exec(text)?.[1] ?? "";
  return { protocol, host: written, path: pathname, socket: { kind: "tcp", address, port: number } };
}
