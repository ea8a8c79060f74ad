/** The global service, put together: see the README for its data flow. */
import { ApiServer, Gui } from "@isthmus/api-server";
import type { ServerTls } from "@isthmus/grpc-kit";
import { ZoneInsights } from "@isthmus/insights";
import { GlobalKdsServer, type KdsEvent, type ZoneAuthentication, ZoneNameConflicts } from "@isthmus/kds";
import { nodeKeyMaker, ResourceManager, TrustExchange } from "@isthmus/manager";
import {
  apiAccess,
  apiListeners,
  apiPorts,
  apiServerObserver,
  askForZoneCertificates,
  BUILD_VERSION,
  type Config,
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
  kdsServerTls,
  type Logger,
  lateSigningKeys,
  observeFinalizer,
  observeSync,
  openInstance,
  type Program,
  type ProgramArguments,
  runProgram,
  type SyncParts,
  signingKeyWatch,
  writeLogger,
  zoneAuthentication,
} from "@isthmus/runtime";
import { errorMessage, type Service, ServiceGroup, systemRandom } from "@isthmus/std";
import { zoneInspector } from "./zone-inspector.ts";

/** Resolves with the exit code. */
export function runGlobal(args: ProgramArguments): Promise<number> {
  return runProgram("global", args, createGlobal);
}

/** The store is open afterwards, nothing listens yet. */
export async function createGlobal(config: Config, log: Logger): Promise<Program> {
  return composeGlobal(await openInstance({ name: "global", zoneLabel: "Global" }, config, log));
}

/** Around a store that is open, for programs that hold others as well. */
export async function composeGlobal(instance: Instance): Promise<Program> {
  const { store, clock, metrics, config, log } = instance;
  const insights = zoneInsights(instance);
  const manager = resourceManager(instance, insights);
  const signingKeys = lateSigningKeys(instance, manager);
  const tls = await askForZoneCertificates(await kdsServerTls(config, instance.folder, clock.now()), config);
  const authentication = await zoneAuthentication(instance);
  instance.certificates.watch("kds", () => tls?.certificate);
  const { kds } = config.multizone.global;

  const parts = createSyncParts(instance, { kind: "global" }, kds.labels.skipPrefixes);
  const sync = createSyncApi({
    role: "global",
    name: "global",
    store,
    outbox: parts.outbox,
    clock,
    peers: () => server.status(),
    zones: () => store.list("Zone").map((zone) => zone.name),
    holds: parts.holds,
  });
  const onEvent = observeSync(instance, "global", sync, (event) => insights.onEvent(event));
  // What a zone sends is owned by its Zone, so that must be there first, and no zone is served before the defaults are.
  const admitZone = async (zone: string): Promise<void> => {
    await signingKeys.made();
    await insights.ensureZone(zone);
  };
  const server = kdsServer(instance, parts, { tls, authentication, admitZone }, onEvent);

  const role = { mode: "global", isFederated: false } as const;
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
    registry: instance.registry,
    store,
    manager,
    mode: "global",
    isFederated: false,
    isReadOnly: config.apiServer.readOnly,
    index: () => ({ ...instance.index(), gui: guiUrl(config, role) }),
    gui,
    basePath: config.apiServer.basePath,
    inspector: zoneInspector(store, (zone, question) => server.askAdmin(zone, question)),
    ...(await apiAccess(instance, "global")),
    signingKeys: signingKeys.made,
    sync,
    ...(await apiListeners(instance)),
    ...apiServerObserver(metrics),
    onError: (error, route) => log.part("api-server").error({ route, error: errorMessage(error) }, "a request failed"),
  });

  const services = new ServiceGroup(
    "global",
    [
      diagnostics,
      store,
      defaultResources(instance, manager),
      signingKeyWatch(store, (problem) => log.part("identity").error(problem, "a signing key cannot be used")),
      observeFinalizer(insights, instance),
      createMeshInsights(instance),
      parts.holdsService,
      parts.outboxService,
      trustExchange(instance),
      deletedZones(instance, server),
      ...(config.apiServer.http.enabled || config.apiServer.https.enabled ? [api] : []),
      server,
      { name: "readiness", start: async () => void (isReady = true), stop: async () => void (isReady = false) },
      signingKeys,
    ],
    (service, error) => log.error({ service, error: errorMessage(error) }, "stopping failed"),
  );
  return {
    service: services,
    summary: () => ({
      instanceId: instance.instanceId,
      clusterId: instance.clusterId(),
      data: instance.folder,
      writesWithoutToken: describeAnonymousWrites(config),
      ...apiPorts(config),
      kds: kds.grpcPort,
      tls: kds.tlsEnabled,
      diagnostics: config.diagnostics.serverPort,
    }),
  };
}

/** Proxies of all zones trust each other without an operator's help. */
function trustExchange({ store, registry, clock, log }: Instance): TrustExchange {
  const onEvent = writeLogger(log.part("identity"), "MeshTrusts of zones for all zones");
  return new TrustExchange({ store, registry, clock, random: systemRandom, onEvent });
}

function zoneInsights({ store, registry, clock, instanceId, config, log }: Instance): ZoneInsights {
  return new ZoneInsights({
    store,
    registry,
    clock,
    instanceId,
    version: KUMA_VERSION,
    flushMs: config.multizone.global.kds.zoneInsightFlushInterval,
    subscriptionLimit: config.metrics.zone.subscriptionLimit,
    compactFinished: config.metrics.zone.compactFinishedSubscriptions,
    onError: (error, zone) =>
      log.part("insights").error({ zone, error: errorMessage(error) }, "cannot write the insight of a zone"),
  });
}

function resourceManager({ registry, store, config, clock }: Instance, insights: ZoneInsights): ResourceManager {
  return new ResourceManager({
    registry,
    store,
    mode: "global",
    isFederated: false,
    isReadOnly: config.apiServer.readOnly,
    unsafeDelete: config.store.unsafeDelete,
    keys: nodeKeyMaker(clock),
    isZoneOnline: (zone) => insights.isOnline(zone),
  });
}

/** How zones are told apart from others who reach the port, and what has to be before one is served. */
interface ZoneDoor {
  readonly tls: ServerTls | undefined;
  readonly authentication: ZoneAuthentication | undefined;
  readonly admitZone: (zone: string) => Promise<void>;
}

function kdsServer(
  { registry, store, instanceId, clock, config, metrics }: Instance,
  { outbox, openApplier, holds, stuck }: SyncParts,
  { tls, authentication, admitZone }: ZoneDoor,
  onEvent: (event: KdsEvent) => void,
): GlobalKdsServer {
  const { kds } = config.multizone.global;
  return new GlobalKdsServer({
    registry,
    outbox,
    openApplier,
    holds,
    historyId: store.historyId,
    node: { instanceId, version: BUILD_VERSION },
    server: {
      address: kds.interface,
      port: kds.grpcPort,
      portSetting: "multizone.global.kds.grpcPort",
      ...(tls !== undefined && { tls }),
      observeCalls: grpcObserver(metrics, "server"),
    },
    ...(authentication !== undefined && { authentication }),
    clock,
    random: systemRandom,
    onEvent,
    maxMessageBytes: kds.maxMsgSize,
    zoneHealthCheck: {
      pollIntervalMs: kds.zoneHealthCheck.pollInterval,
      timeoutMs: kds.zoneHealthCheck.timeout,
    },
    admitZone: async ({ zone }) => {
      await admitZone(zone);
      return undefined;
    },
    conflicts: new ZoneNameConflicts(),
    stuck,
  });
}

function defaultResources({ config, log }: Instance, manager: ResourceManager): Service {
  return {
    name: "default resources",
    async start() {
      const { created } = await manager.ensureDefaults(config.defaults);
      if (created.length > 0) log.info({ count: created.length }, "default resources created");
    },
    stop: async () => {},
  };
}

/** A Zone that is deleted under its connection (only `store.unsafeDelete` allows it) starts over as an unknown one. */
function deletedZones({ store }: Instance, server: GlobalKdsServer): Service {
  let unsubscribe = (): void => {};
  return {
    name: "deleted zones",
    async start() {
      unsubscribe = store.subscribe(({ changes }) => {
        for (const { key, after } of changes) {
          if (key.type === "Zone" && after === undefined) {
            server.disconnectZone(key.name, `zone ${key.name} was deleted`);
          }
        }
      });
    },
    stop: async () => unsubscribe(),
  };
}
