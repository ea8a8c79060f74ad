/** The zone service, put together: see the README for its data flow. */
import { lookup } from "node:dns/promises";
import { ApiServer, Gui } from "@isthmus/api-server";
import { DEFAULT_SETTINGS } from "@isthmus/envoy";
import { loadCaBundle } from "@isthmus/grpc-kit";
import { ProxyInsightFinalizer, ZoneInsights } from "@isthmus/insights";
import { type AnswerAdmin, ZoneKdsClient } from "@isthmus/kds";
import { MeshIdentities, nodeKeyMaker, ResourceManager } from "@isthmus/manager";
import {
  aloneSyncApi,
  apiAccess,
  apiListeners,
  apiPorts,
  apiServerObserver,
  BUILD_VERSION,
  type Config,
  configText,
  createMeshInsights,
  createSyncApi,
  createSyncParts,
  DiagnosticsServer,
  describeAnonymousWrites,
  grpcObserver,
  guiOptions,
  guiUrl,
  type Instance,
  KUMA_VERSION,
  type Logger,
  lateSigningKeys,
  observeFinalizer,
  observeSync,
  openInstance,
  ownProof,
  type Program,
  type ProgramArguments,
  runProgram,
  type Sync,
  signingKeyWatch,
  writeLogger,
} from "@isthmus/runtime";
import { errorMessage, type Service, ServiceGroup, systemRandom } from "@isthmus/std";
import { LiveTopology, trustDomainOfZone } from "@isthmus/topology";
import { liveSettings } from "./discovery/live-settings.ts";
import { topologyLogger } from "./discovery/topology-log.ts";
import { bindTopologyMetrics } from "./discovery/topology-metrics.ts";
import { type AskEnvoy, envoyAdminClient } from "./inspect/envoy-admin-client.ts";
import { ZoneProxyInspector } from "./inspect/zone-proxy-inspector.ts";
import { createProxyServer, type ProxyServer } from "./proxies/proxy-server.ts";
import { WhatIfRunner } from "./topology-api/what-if-runner.ts";
import { ZoneTopologyApi } from "./topology-api/zone-topology-api.ts";

/** A run of this length starts the delays between attempts anew. Source: kuma v2.14.3: component/resilient.go. */
const BACKOFF_RESET_MS = 60_000;

/** Resolves with the exit code. */
export function runZone(args: ProgramArguments): Promise<number> {
  return runProgram("zone", args, createZone);
}

/** The store is open afterwards, nothing listens yet. */
export async function createZone(config: Config, log: Logger): Promise<Program> {
  const { name } = config.multizone.zone;
  return composeZone(await openInstance({ name, zoneLabel: name }, config, log));
}

/** Around a store that is open, for programs that hold others as well. `askEnvoy`: how Envoys are asked; left out: at their addresses. */
export async function composeZone(
  instance: Instance,
  askEnvoy: AskEnvoy = envoyAdminClient(instance.clock),
): Promise<Program> {
  const { registry, store, metrics, config, log } = instance;
  const { name } = config.multizone.zone;
  const isFederated = config.multizone.zone.globalAddress !== "";
  const manager = new ResourceManager({
    registry,
    store,
    mode: "zone",
    zoneName: name,
    isFederated,
    isReadOnly: config.apiServer.readOnly,
    unsafeDelete: config.store.unsafeDelete,
    disableOriginLabelValidation: config.multizone.zone.disableOriginLabelValidation,
    keys: nodeKeyMaker(instance.clock),
  });
  const signingKeys = lateSigningKeys(instance, manager);
  const proxies = await createProxyServer(instance, manager);
  const topology = discovery(instance, proxies);
  const identities = meshIdentities(instance);
  const inspector = new ZoneProxyInspector({
    store,
    registry,
    world: () => topology.world(),
    settings: DEFAULT_SETTINGS,
    adminPort: config.bootstrapServer.params.adminPort,
    ask: askEnvoy,
  });
  const federation = isFederated ? await federate(instance, inspector.answer) : undefined;
  const whatIf = new WhatIfRunner({ contents: () => topology.contents(), clock: instance.clock });

  const role = { mode: "zone", isFederated } as const;
  const gui = await Gui.open(guiOptions(config, role));

  let isReady = false;
  const diagnostics = new DiagnosticsServer({
    host: config.diagnostics.interface,
    port: config.diagnostics.serverPort,
    metrics,
    log: log.part("diagnostics"),
    allowsRemoteWrites: config.access.anonymousWrites,
    isReady: () => isReady,
  });
  const api = new ApiServer({
    registry,
    store,
    manager,
    mode: "zone",
    isFederated,
    zoneName: name,
    isReadOnly: config.apiServer.readOnly,
    index: () => ({ ...instance.index(), gui: guiUrl(config, role) }),
    gui,
    basePath: config.apiServer.basePath,
    ...(await apiAccess(instance, "zone")),
    signingKeys: signingKeys.made,
    sync: federation?.sync ?? aloneSyncApi(name, store),
    inspector,
    topology: new ZoneTopologyApi({
      source: topology,
      whatIf: (down) => whatIf.ask(down),
      syncAgeSeconds: () => federation?.silenceSeconds(),
    }),
    ...(await apiListeners(instance)),
    ...apiServerObserver(metrics),
    onError: (error, route) => log.part("api-server").error({ route, error: errorMessage(error) }, "a request failed"),
  });

  const services = new ServiceGroup(
    "zone",
    [
      diagnostics,
      store,
      defaultResources(instance, manager),
      signingKeyWatch(store, (problem) => log.part("identity").error(problem, "a signing key cannot be used")),
      observeFinalizer(proxyInsightFinalizer(instance), instance),
      topology,
      identities,
      // Of a federated zone the global has them.
      ...(federation?.before ?? [createMeshInsights(instance)]),
      // Connects while the rest starts.
      ...(federation === undefined ? [] : [federation.client]),
      ...(config.apiServer.http.enabled || config.apiServer.https.enabled ? [api] : []),
      // Stops first: the API answers all that was asked before it ends.
      whatIf,
      proxies.service,
      { name: "readiness", start: async () => void (isReady = true), stop: async () => void (isReady = false) },
      signingKeys,
    ],
    (service, error) => log.error({ service, error: errorMessage(error) }, "stopping failed"),
  );
  return {
    service: services,
    summary: () => ({
      instanceId: instance.instanceId,
      zone: name,
      data: instance.folder,
      writesWithoutToken: describeAnonymousWrites(config),
      ...apiPorts(config),
      diagnostics: config.diagnostics.serverPort,
      proxies: config.dpServer.port,
      global: isFederated ? config.multizone.zone.globalAddress : "none, this zone is alone",
    }),
  };
}

/** Follows the store from its start on; what it writes goes out with the sync. */
function discovery({ store, registry, clock, config, metrics, log }: Instance, { extend }: ProxyServer): LiveTopology {
  const observers = [topologyLogger(log.part("topology")), bindTopologyMetrics(metrics, () => topology)];
  const topology = new LiveTopology({
    store,
    registry,
    clock,
    random: systemRandom,
    settings: liveSettings(config),
    extend,
    lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    onEvent: (event) => {
      for (const observe of observers) observe(event);
    },
  });
  return topology;
}

/** CAs and MeshTrusts of the zone's MeshIdentities. */
function meshIdentities({ store, registry, clock, config, log }: Instance): MeshIdentities {
  const part = log.part("identity");
  const onWrite = writeLogger(part, "states of MeshIdentities");
  return new MeshIdentities({
    store,
    registry,
    clock,
    random: systemRandom,
    keys: nodeKeyMaker(clock),
    zone: config.multizone.zone.name,
    trustDomainOf: trustDomainOfZone,
    onEvent: (event) => {
      if (event.kind === "caMade")
        part.info({ mesh: event.mesh, identity: event.identity }, "CA of a MeshIdentity made");
      else if (event.kind === "caFailed") part.error({ ...event }, "the CA of a MeshIdentity cannot be made");
      else onWrite(event);
    },
  });
}

/** Before proxies are served: those of a control plane that died are offline until they come back. */
function proxyInsightFinalizer({ store, registry, clock, instanceId, config, log }: Instance): ProxyInsightFinalizer {
  return new ProxyInsightFinalizer({
    store,
    registry,
    clock,
    random: systemRandom,
    instanceId,
    subscriptionLimit: config.metrics.dataplane.subscriptionLimit,
    onEvent: writeLogger(log.part("insights"), "the end of subscriptions of proxies"),
  });
}

interface Federation {
  readonly sync: Sync;
  /** What has to run before anything is received. */
  readonly before: readonly Service[];
  readonly client: ZoneKdsClient;
  /** Since the global was last heard of, and through it every other zone; undefined while it is, and before it ever was. */
  silenceSeconds(): number | undefined;
}

async function federate(instance: Instance, answerAdmin: AnswerAdmin): Promise<Federation> {
  const { registry, store, clock, instanceId, config, log, metrics } = instance;
  const { name, globalAddress, kds } = config.multizone.zone;
  const parts = createSyncParts(instance, { kind: "zone", zone: name }, kds.labels.skipPrefixes);
  const insights = new ZoneInsights({
    store,
    registry,
    clock,
    instanceId,
    version: KUMA_VERSION,
    role: "zone",
    subscriptionLimit: config.metrics.zone.subscriptionLimit,
    compactFinished: config.metrics.zone.compactFinishedSubscriptions,
    onError: (error) =>
      log.part("insights").error({ error: errorMessage(error) }, "cannot write the insight of this zone"),
  });
  const sync = createSyncApi({
    role: "zone",
    name,
    store,
    outbox: parts.outbox,
    clock,
    peers: () => [client.status()].filter((peer) => peer !== undefined),
    zones: () => [name],
    holds: parts.holds,
  });
  const tls = await clientTls(config);
  const { resilientComponentBaseBackoff: baseMs, resilientComponentMaxBackoff: maxMs } = config.general;
  const client = new ZoneKdsClient({
    registry,
    outbox: parts.outbox,
    openApplier: parts.openApplier,
    holds: parts.holds,
    historyId: store.historyId,
    address: globalAddress,
    ...(tls !== undefined && { tls }),
    proof: () => ownProof(config),
    node: { zone: name, instanceId, version: BUILD_VERSION, config: configText(config, "zone") },
    clock,
    random: systemRandom,
    onEvent: observeSync(instance, "zone", sync, (event) => insights.onEvent(event)),
    maxMessageBytes: kds.maxMsgSize,
    backoff: { baseMs, maxMs, resetAfterMs: BACKOFF_RESET_MS, jitterMs: Math.min(baseMs, maxMs) / 2 },
    stuck: parts.stuck,
    answerAdmin,
    observeCalls: grpcObserver(metrics, "client"),
  });
  return {
    sync,
    before: [insights, parts.holdsService, parts.outboxService],
    client,
    silenceSeconds() {
      const status = client.status();
      if (status?.lastSeenAt === undefined || status.isOnline) return undefined;
      return Math.round((clock.now() - status.lastSeenAt) / 1000);
    },
  };
}

/** Undefined: the system's roots, or plaintext where the address says so. */
async function clientTls(config: Config): Promise<{ ca?: string; skipVerify?: boolean } | undefined> {
  const { rootCaFile, tlsSkipVerify } = config.multizone.zone.kds;
  if (tlsSkipVerify) return { skipVerify: true };
  if (rootCaFile === "") return undefined;
  return { ca: await loadCaBundle({ path: rootCaFile, setting: "multizone.zone.kds.rootCaFile" }) };
}

function defaultResources({ config, log }: Instance, manager: ResourceManager): Service {
  return {
    name: "default resources",
    async start() {
      const { created, deleted } = await manager.ensureDefaults(config.defaults);
      if (created.length > 0) log.info({ count: created.length }, "default resources created");
      if (deleted.length > 0) log.warn({ deleted }, "Zones with another name deleted: a zone knows only itself");
    },
    stop: async () => {},
  };
}
