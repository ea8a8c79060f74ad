/**
 * MeshMetric: where metrics of the proxy and of the applications behind it can be fetched, and where they are sent.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshmetric.
 */
import { proxyConf } from "@isthmus/policy";
import { messageOf, objectOf, objectsOf, portOf, textOf } from "@isthmus/resources";
import { formatGoDuration, type JsonObject, parseGoDuration } from "@isthmus/std";
import { nameIn, type Proxy } from "@isthmus/topology";
import { addressOf, socketAddress } from "../build/addresses.ts";
import { httpChain, LOOPBACK_CIDRS, usableCidrs } from "../build/chains.ts";
import { staticCluster } from "../build/clusters.ts";
import { systemName } from "../build/system-names.ts";
import { typed } from "../draft/any.ts";
import type { ChainDraft, Draft } from "../draft/draft.ts";
import type { Role } from "../draft/role.ts";
import { REUSE_PORT_FEATURE, TELEMETRY_PIPE_FEATURE } from "../proxy-traits.ts";
import { addDocument } from "../sidecar/dynamic-config.ts";
import { isUnified } from "../sidecar/inbounds.ts";
import { telemetrySocket } from "../sockets.ts";
import { collectorCluster, collectorSocket } from "../telemetry/collector-cluster.ts";
import { METRICS_PATH, type MetricsExport, metricsDocument } from "../telemetry/metrics-document.ts";
import { type OtelBackend, otelBackendOf } from "../telemetry/otel-backend.ts";
import type { Feature, FeatureContext } from "./feature.ts";

const TYPE = "MeshMetric";
const DEFAULT_CLIENT = "default-backend";
const DEFAULT_PORT = 5670;
const DEFAULT_PATH = "/metrics";
const DEFAULT_INTERVAL = "1m0s";
const PROVIDED_TLS = "ProvidedTLS";

/** What holds for all backends of one proxy. */
interface Metrics extends FeatureContext {
  readonly proxy: Proxy;
  readonly isUnifiedNaming: boolean;
  readonly draft: Draft;
}

export const meshMetric: Feature = (draft, context) => {
  const { subject, policies, translation } = context;
  const conf = proxyConf(policies.matched(TYPE))?.conf;
  const backends = conf === undefined ? [] : objectsOf(conf, "backends");
  if (subject.kind !== "sidecar" || conf === undefined || policies.proxy === undefined || backends.length === 0) return;
  const { proxy } = subject;
  const isUnifiedNaming = isUnified(proxy, translation);
  const metrics: Metrics = { ...context, proxy, isUnifiedNaming, draft };
  const prometheus = backends.map((backend) => messageOf(backend, "prometheus")).filter((each) => each !== undefined);
  for (const backend of prometheus) offer(backend, metrics);
  const exports = backends.flatMap((backend) => {
    const openTelemetry = messageOf(backend, "openTelemetry");
    return openTelemetry === undefined ? [] : (exportTo(openTelemetry, metrics) ?? []);
  });
  const body = metricsDocument(conf, proxy, policies.proxy, {
    hasPrometheus: prometheus.length > 0,
    exports,
    isUnifiedNaming,
  });
  addDocument({ path: METRICS_PATH, body }, isUnifiedNaming, translation.traits, draft);
};

/** A listener for a Prometheus, which leads to the runner. */
function offer(backend: JsonObject, { proxy, isUnifiedNaming, draft, translation }: Metrics): void {
  const { traits } = translation;
  const client = textOf(backend, "clientId") || DEFAULT_CLIENT;
  const role: Role = { kind: "system", origin: "prometheus" };
  const unified = systemName("meshmetric_prometheus", client);
  const name = nameIn(isUnifiedNaming, { legacy: `_kuma:metrics:prometheus:${client}`, unified });
  const cluster = nameIn(isUnifiedNaming, { legacy: "_kuma:metrics:hijacker", unified });
  const port = portOf(backend, "port") ?? DEFAULT_PORT;
  const address = socketAddress(proxy.address, port);
  const rival = draft.listeners.find((each) => each.role.kind === "system" && isSame(each.json.address, address));
  if (rival !== undefined) {
    draft.problems.push(`MeshMetric: ${name} is left out: port ${port} is that of ${rival.name}`);
    return;
  }
  if (!draft.clusters.some((each) => each.name === cluster)) {
    draft.clusters.push(staticCluster(cluster, role, { kind: "pipe", path: traits.metricsSocketPath }));
  }
  const chain = httpChain(role, {
    stat: name,
    internalCidrs: usableCidrs(LOOPBACK_CIDRS, traits.supportsIpv6),
    routes: {
      validateClusters: false,
      virtualHosts: [
        {
          name,
          domains: ["*"],
          routes: [
            {
              match: { prefix: textOf(backend, "path") || DEFAULT_PATH },
              route: { cluster, prefixRewrite: METRICS_PATH },
            },
          ],
        },
      ],
    },
  });
  draft.listeners.push({
    name,
    role,
    json: {
      address,
      trafficDirection: "INBOUND",
      enableReusePort: traits.features.has(REUSE_PORT_FEATURE),
      ...(isUnifiedNaming ? { statPrefix: name } : {}),
    },
    chains: [{ ...chain, ...tlsOf(backend, translation, draft) }],
  });
}

function isSame(a: object | undefined, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** With the certificate that the runner was given; without one metrics are given out as before. */
function tlsOf(backend: JsonObject, { traits }: Metrics["translation"], draft: Draft): Pick<ChainDraft, "tls"> {
  const mode = textOf(objectOf(backend, "tls"), "mode");
  if (mode === "" || mode === "Disabled") return {};
  const files = traits.metricsTls;
  if (mode !== PROVIDED_TLS || files === undefined) {
    const reason = mode === PROVIDED_TLS ? "the runner has no certificate for metrics" : `${mode} is not supported`;
    draft.problems.push(`MeshMetric: metrics are given out without TLS: ${reason}`);
    return {};
  }
  const certificate = {
    certificateChain: { filename: files.certificatePath },
    privateKey: { filename: files.keyPath },
  };
  return { tls: { commonTlsContext: { tlsCertificates: [certificate] } } };
}

/** Undefined: the runner does it without Envoy, or it cannot be. */
function exportTo(conf: JsonObject, metrics: Metrics): MetricsExport | undefined {
  const { proxy, translation, telemetry, draft } = metrics;
  const { world, traits } = translation;
  const backend = otelBackendOf(conf, proxy.mesh, world);
  if (backend === undefined) {
    draft.problems.push("MeshMetric: there is no MeshOpenTelemetryBackend with the labels of a backendRef");
    return undefined;
  }
  const refreshInterval = intervalOf(conf);
  if (backend.isResource && traits.features.has(TELEMETRY_PIPE_FEATURE)) {
    telemetry.add(backend, "metrics", refreshInterval);
    return undefined;
  }
  if (backend.collector.isHttp) {
    draft.problems.push(
      `MeshMetric: ${backend.name} takes metrics over HTTP, which needs a runner with ${TELEMETRY_PIPE_FEATURE}`,
    );
    return undefined;
  }
  return exportThroughEnvoy(backend, refreshInterval ?? DEFAULT_INTERVAL, metrics);
}

function exportThroughEnvoy(
  backend: OtelBackend,
  refreshInterval: string,
  metrics: Metrics,
): MetricsExport | undefined {
  const { proxy, isUnifiedNaming, draft, translation } = metrics;
  const { traits } = translation;
  const short = backend.isResource ? backend.name : backend.name.replaceAll("/", "").replaceAll(":", "-");
  const role: Role = { kind: "system", origin: "open-telemetry" };
  const name = nameIn(isUnifiedNaming, {
    legacy: `_kuma:metrics:opentelemetry:${short}`,
    unified: systemName("meshmetric_otel", short),
  });
  // Twice the same backend is one.
  if (draft.listeners.some((each) => each.name === name)) return undefined;
  const socket = telemetrySocket(traits.workDir, short);
  draft.clusters.push(
    collectorCluster(name, role, collectorSocket(backend.collector, traits), {
      isIpv6: proxy.address.includes(":"),
      isHttp2: true,
    }),
  );
  const chain = httpChain(role, {
    stat: name,
    internalCidrs: usableCidrs(LOOPBACK_CIDRS, traits.supportsIpv6),
    routes: {
      validateClusters: false,
      virtualHosts: [{ name, domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: name } }] }],
    },
  });
  if (chain.end.kind === "http") {
    chain.end.filters.push({
      name: "envoy.filters.http.grpc_stats",
      typedConfig: typed("envoy.extensions.filters.http.grpc_stats.v3.FilterConfig", { emitFilterState: true }),
    });
  }
  draft.listeners.push({
    name,
    role,
    json: {
      address: addressOf({ kind: "pipe", path: socket }),
      ...(isUnifiedNaming ? { statPrefix: name } : {}),
    },
    chains: [chain],
  });
  return { name: short, socket, refreshInterval };
}

function intervalOf(conf: JsonObject): string | undefined {
  const nanos = parseGoDuration(textOf(conf, "refreshInterval"));
  return nanos.ok ? formatGoDuration(nanos.value) : undefined;
}
