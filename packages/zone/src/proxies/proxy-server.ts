/**
 * The data-plane server of a zone, put together: bootstrap, admission, configurations, insights.
 *
 *     Envoy -> bootstrap -> stream -> ProxyRegistration (token, resource) -> ProxyConfigurations -> session -> Envoy
 *                                                                         -> ProxyInsights, log, metrics
 */
import { randomUUID } from "node:crypto";
import { lookup } from "node:dns/promises";
import { isIPv4 } from "node:net";
import { DEFAULT_SETTINGS } from "@isthmus/envoy";
import type { ResourceManager } from "@isthmus/manager";
import { type Instance, serverTls, writeLogger } from "@isthmus/runtime";
import { errorMessage, type Service, systemRandom } from "@isthmus/std";
import {
  BootstrapResponder,
  bootstrapHandler,
  DataplaneHealth,
  HEALTH_DEFAULTS,
  HealthService,
  type XdsEvent,
  XdsServer,
} from "@isthmus/xds";
import { tcpKnock } from "../lost-proxies/knock.ts";
import { KnockQueue } from "../lost-proxies/knock-queue.ts";
import { LostProxies } from "../lost-proxies/lost-proxies.ts";
import { bindLostProxyMetrics } from "../lost-proxies/lost-proxy-metrics.ts";
import { ProxyConfigurations } from "./proxy-configurations.ts";
import { ProxyInsights } from "./proxy-insights.ts";
import { proxyLogger } from "./proxy-log.ts";
import { bindProxyMetrics } from "./proxy-metrics.ts";
import { ProxyRegistration } from "./proxy-registration.ts";
import { ProxyTokens } from "./proxy-tokens.ts";

/** Of one message of Envoy. */
const GRPC_MAX_BYTES = 16 * 1024 * 1024;

export interface ProxyServer {
  readonly service: Service;
  /** For the topology, which derives the configurations. */
  readonly extend: ProxyConfigurations["extend"];
}

/** Rejects where the certificate cannot be read. */
export async function createProxyServer(instance: Instance, manager: ResourceManager): Promise<ProxyServer> {
  const { store, registry, clock, config, instanceId, metrics } = instance;
  const { dpServer, xdsServer, bootstrapServer, multizone } = config;
  const log = instance.log.part("dp-server");
  const tls = await serverTls("dpServer", config, instance.folder, clock.now());
  const tokens = new ProxyTokens({
    store,
    clock,
    zone: multizone.zone.name,
    isFederated: multizone.zone.globalAddress !== "",
    dataplanes: dpServer.authn.dpProxy.type,
    zoneProxies: dpServer.authn.zoneProxy.type,
  });
  const configurations = new ProxyConfigurations({
    store,
    registry,
    clock,
    settings: DEFAULT_SETTINGS,
    onEvent: (event) => logger.configuration(event),
    onCertificate: (proxy, certificate) => insights.onCertificate(proxy, certificate),
  });
  const lostMetrics = bindLostProxyMetrics(metrics, () => ({ waiting: knocks.waiting, reachable: lost.reachable }));
  const knocks = new KnockQueue({
    knock: tcpKnock(xdsServer.lostProxies.timeout, clock),
    atOnce: xdsServer.lostProxies.concurrency,
    onKnocked: lostMetrics.knocked,
  });
  const lost = new LostProxies({
    store,
    clock,
    queue: knocks,
    graceMs: xdsServer.dataplaneDeregistrationDelay,
    isHealthReported: dpServer.hds.enabled,
    onZoneProxyGone: (proxy) => admission.gone(proxy),
    onEvent(event) {
      lostMetrics.found(event);
      logger.lost(event);
    },
  });
  const admission: ProxyRegistration = new ProxyRegistration({
    store,
    registry,
    manager,
    clock,
    tokens,
    deregistrationDelayMs: xdsServer.dataplaneDeregistrationDelay,
    lost: xdsServer.lostProxies.enabled ? lost : undefined,
    onEvent: (event) => logger.registration(event),
  });
  const insights = new ProxyInsights({
    store,
    registry,
    clock,
    random: systemRandom,
    uuid: randomUUID,
    instanceId,
    subscriptionLimit: Math.max(1, config.metrics.dataplane.subscriptionLimit),
    flushMs: xdsServer.dataplaneStatusFlushInterval,
    onEvent: writeLogger(log, "insights of proxies"),
  });
  const logger = proxyLogger(log);
  const responder = new BootstrapResponder({
    registry,
    store,
    settings: {
      adminAddress: bootstrapServer.params.adminAddress,
      adminPort: bootstrapServer.params.adminPort,
      isAdminUnixSocket: true,
      adminAccessLogPath: bootstrapServer.params.adminAccessLogPath,
      xdsConnectTimeout: `${bootstrapServer.params.xdsConnectTimeout / 1000}s`,
      ...((tls.minVersion === "TLSv1.3" || tls.ciphers !== undefined) && { xdsTlsMaxVersion: "TLSv1_3" }),
      xdsGrpcMaxReceiveMessageBytes: GRPC_MAX_BYTES,
      usesTokenFiles: dpServer.authn.enableReloadableTokens,
      isHealthServed: dpServer.hds.enabled,
      gatewayMaxConnections: 0,
    },
    isTokenRequired: (type) =>
      type === "dataplane" ? dpServer.authn.dpProxy.type !== "none" : dpServer.authn.zoneProxy.type !== "none",
    certificate: () => tls.certificate,
    xdsHost: bootstrapServer.params.xdsHost,
    xdsPort: () => server.port,
    listensOnIpv4Only: isIPv4(dpServer.interface),
    lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    isNamedByWorkload: config.experimental.inboundTagsDisabled,
  });
  const observers = [
    (event: XdsEvent) => insights.onEvent(event),
    logger.xds,
    bindProxyMetrics(metrics, () => server.ads),
  ];
  const onEvent = (event: XdsEvent): void => {
    for (const observe of observers) observe(event);
  };
  const { interval, checkDefaults } = dpServer.hds;
  const health = new HealthService({
    target: new DataplaneHealth({
      store,
      clock,
      settings: {
        ...HEALTH_DEFAULTS,
        intervalMs: interval,
        timeoutMs: checkDefaults.timeout,
        checkIntervalMs: checkDefaults.interval,
        noTrafficIntervalMs: checkDefaults.noTrafficInterval,
        healthyThreshold: checkDefaults.healthyThreshold,
        unhealthyThreshold: checkDefaults.unhealthyThreshold,
        adminPort: bootstrapServer.params.adminPort,
      },
      onChanged: logger.health,
      onError: (error) => log.error({ error: errorMessage(error) }, "the health of a proxy cannot be stored"),
    }),
    admission,
    onEvent,
  });
  const server: XdsServer = new XdsServer({
    address: dpServer.interface,
    port: dpServer.port,
    portSetting: "dpServer.port",
    tls,
    http: bootstrapHandler({
      responder,
      onRefused: ({ status, reason }, peer) => log.warn({ status, reason, peer }, "a bootstrap request was refused"),
      onError: (error) => log.error({ error: errorMessage(error) }, "a bootstrap request failed"),
    }),
    pool: configurations.pool,
    source: configurations,
    admission,
    controlPlane: instanceId,
    nackBackoffMs: xdsServer.nackBackoff,
    clock,
    services: dpServer.hds.enabled ? [health] : [],
    onEvent,
  });
  return {
    extend: configurations.extend,
    service: {
      name: server.name,
      start: () => server.start(),
      async stop() {
        admission.stop();
        await server.stop();
        configurations.stop();
        await insights.stop();
      },
    },
  };
}
