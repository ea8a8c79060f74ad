/**
 * Every setting of the two programs. Keys, defaults and meaning are Kuma's where Kuma has the setting (kuma v2.14.3:
 * pkg/config); our own stand beside them, in the sections `sync` and `log` or marked "ours".
 */
import { z } from "zod";
import {
  accessSettings,
  authnSettings,
  dpServerAuthnSettings,
  ownProofSettings,
  zoneProofSettings,
} from "./access-settings.ts";
import { choice, duration, flag, integer, list, port, section, text } from "./leaves.ts";
import { tlsSettings } from "./tls-settings.ts";

const MAX_MESSAGE_BYTES = 10 * 1024 * 1024;

export const configSchema = z.object({
  environment: choice(["universal"], "universal"),
  general: section({
    /** Certificates and data live here. Empty: `~/.isthmus/<global | zone name>`. */
    workDir: text(""),
    /** Of all servers; see `effectiveTls`. */
    ...tlsSettings,
    /** Delay before the first reconnect to the global. Kuma: 5s and 1m; ours is shorter because reconnecting is cheap. */
    resilientComponentBaseBackoff: duration("250ms"),
    resilientComponentMaxBackoff: duration("5s"),
    /** How often host names in place of addresses are looked up. */
    dnsCacheTTL: duration("10s"),
  }),
  store: section({
    type: choice(["lmdb", "memory"], "lmdb"),
    /** Ours. Empty: `<workDir>/data`. */
    lmdb: section({ folder: text("") }),
    unsafeDelete: flag(false),
  }),
  apiServer: section({
    readOnly: flag(false),
    /** In front of all paths. */
    basePath: text("/"),
    /** Where a proxy shows the API to browsers; empty: at `basePath`. */
    rootUrl: text(""),
    gui: section({
      enabled: flag(true),
      basePath: text("/gui"),
      rootUrl: text(""),
      /** Ours. A folder with a built single-page app; empty: our own page. */
      folder: text(""),
    }),
    http: section({ enabled: flag(true), interface: text("0.0.0.0"), port: port(5681) }),
    https: section({
      enabled: flag(true),
      interface: text("0.0.0.0"),
      port: port(5682),
      ...tlsSettings,
      requireClientCert: flag(false),
      tlsCaFile: text(""),
    }),
    auth: section({ clientCertsDir: text("") }),
    corsAllowedDomains: list(),
    /** Ours. Largest body of a request. */
    maxBodyBytes: integer(MAX_MESSAGE_BYTES, 1024),
    /** Ours. For each address of a client, but those of this machine; 0 requests per second: no limit. */
    rateLimit: section({ requestsPerSecond: integer(1_000, 0), burst: integer(2_000, 1) }),
    authn: authnSettings,
  }),
  dpServer: section({
    port: port(5678),
    /** Ours. */
    interface: text("0.0.0.0"),
    ...tlsSettings,
    authn: dpServerAuthnSettings,
    /** What Envoys check for the control plane: themselves, and workloads whose inbound has a probe. */
    hds: section({
      enabled: flag(true),
      /** How often they report, at least. Kuma: 5s. */
      interval: duration("1s"),
      checkDefaults: section({
        timeout: duration("2s"),
        interval: duration("1s"),
        noTrafficInterval: duration("1s"),
        healthyThreshold: integer(1, 1),
        unhealthyThreshold: integer(1, 1),
      }),
    }),
  }),
  bootstrapServer: section({
    params: section({
      adminAddress: text("127.0.0.1"),
      adminPort: port(9901),
      adminAccessLogPath: text(""),
      /** What proxies connect to; empty: by the address that they asked. */
      xdsHost: text(""),
      xdsConnectTimeout: duration("1s"),
    }),
  }),
  xdsServer: section({
    nackBackoff: duration("5s"),
    /** How often counters of proxies are written; that one came or went is written at once. */
    dataplaneStatusFlushInterval: duration("10s"),
    dataplaneDeregistrationDelay: duration("10s"),
    /** Ours. A zone connects to where a proxy listened whose stream broke: it is withdrawn at once where nobody listens any more. */
    lostProxies: section({
      enabled: flag(true),
      /** Of one connection. */
      timeout: duration("250ms"),
      /** Connections at a time, to all of them. */
      concurrency: integer(32, 1),
    }),
  }),
  access: accessSettings,
  diagnostics: section({
    serverPort: port(5680),
    /** Ours. */
    interface: text("0.0.0.0"),
  }),
  multizone: section({
    global: section({
      kds: section({
        grpcPort: port(5685),
        /** Ours. */
        interface: text("0.0.0.0"),
        zoneInsightFlushInterval: duration("10s"),
        tlsEnabled: flag(true),
        ...tlsSettings,
        maxMsgSize: integer(MAX_MESSAGE_BYTES, 1024),
        labels: section({ skipPrefixes: list() }),
        auth: zoneProofSettings,
        zoneHealthCheck: section({ pollInterval: duration("0s"), timeout: duration("0s") }),
      }),
    }),
    zone: section({
      name: text("default"),
      globalAddress: text(""),
      disableOriginLabelValidation: flag(false),
      /** Kuma tells the services of a ZoneIngress at this interval; here it is the longest pause while they change. */
      ingressUpdateInterval: duration("1s"),
      kds: section({
        rootCaFile: text(""),
        tlsSkipVerify: flag(false),
        auth: ownProofSettings,
        maxMsgSize: integer(MAX_MESSAGE_BYTES, 1024),
        labels: section({ skipPrefixes: list() }),
      }),
    }),
  }),
  defaults: section({
    skipMeshCreation: flag(false),
    skipTenantResources: flag(false),
    skipHostnameGenerators: flag(false),
  }),
  meshService: section({
    /** 0: no MeshServices are generated. Otherwise they are at once, whatever the interval. */
    generationInterval: duration("2s"),
    deletionGracePeriod: duration("1h"),
    labelPropagation: section({ enabled: flag(false), allowedLabelKeys: list() }),
  }),
  ipam: section({
    meshService: section({ cidr: text("241.0.0.0/8") }),
    meshExternalService: section({ cidr: text("242.0.0.0/8") }),
    meshMultiZoneService: section({ cidr: text("243.0.0.0/8") }),
  }),
  topology: section({
    /** What a remote zone weighs: `isthmus`: the healthy instances that it tells; `kuma`: 1. */
    remoteWeights: choice(["isthmus", "kuma"], "isthmus"),
  }),
  experimental: section({
    ingressTagFilters: list(),
    inboundTagsDisabled: flag(false),
  }),
  metrics: section({
    zone: section({
      subscriptionLimit: integer(10, 0),
      /** Finished subscriptions lose their configuration and counters per type. Kuma: false. */
      compactFinishedSubscriptions: flag(true),
    }),
    dataplane: section({ subscriptionLimit: integer(2, 0) }),
    /** Kuma waits this long before it counts; here it is the longest pause between writes of one insight while it changes. */
    mesh: section({ minResyncInterval: duration("1s") }),
  }),
  sync: section({
    /** How long a held mass deletion waits before an Isthmus source with the same history may release it. */
    holdTime: duration("10m"),
    /** A stream with something pending and nothing acknowledged for this long is recycled. 0 turns the watchdog off. */
    watchdogTimeout: duration("90s"),
  }),
  log: section({ level: choice(["debug", "info", "warn", "error", "off"], "info") }),
});

export type Config = z.output<typeof configSchema>;

/** Settings of our own, which no KUMA_ variable sets. */
export const OWN_SETTINGS: readonly string[] = [
  "store.lmdb.folder",
  "apiServer.gui.folder",
  "diagnostics.interface",
  "apiServer.maxBodyBytes",
  "apiServer.rateLimit.requestsPerSecond",
  "apiServer.rateLimit.burst",
  "access.anonymousWrites",
  "dpServer.interface",
  "xdsServer.lostProxies.enabled",
  "xdsServer.lostProxies.timeout",
  "xdsServer.lostProxies.concurrency",
  "multizone.global.kds.interface",
  "multizone.global.kds.auth.type",
  "multizone.global.kds.auth.clientCaFile",
  "multizone.zone.kds.auth.token",
  "multizone.zone.kds.auth.tokenFile",
  "multizone.zone.kds.auth.certFile",
  "multizone.zone.kds.auth.keyFile",
  "topology.remoteWeights",
  "sync.holdTime",
  "sync.watchdogTimeout",
  "log.level",
];
