/**
 * The recorded deployment with control planes of ours: a global under two zones that hold what the recorded zones held, and
 * zone `west` as a program of its own.
 */
import { composeGlobal } from "@isthmus/global";
import { describeKey, type ResourceKey } from "@isthmus/resources";
import { createLogger, type Instance, openInstance } from "@isthmus/runtime";
import { err, type JsonObject, ok } from "@isthmus/std";
import type { ResourceDraft } from "@isthmus/store";
import { eventually, freePorts, tempFolder } from "@isthmus/testkit";
import { type AskEnvoy, composeZone } from "@isthmus/zone";
import { configOf, type Settings } from "./configuration.ts";
import { globalOwn, recordedMeshes, recordedResources, westOwn } from "./recorded-state.ts";
import { connectZone, type RecordedZone } from "./recorded-zone.ts";
import { recordingsOf } from "./recording.ts";

export interface ControlPlane {
  readonly instance: Instance;
  readonly port: number;
  readonly zones: ReadonlyMap<string, RecordedZone>;
  stop(): Promise<void>;
}

const log = createLogger({ level: "off", name: "contract" });

/** With both zones connected, holding what they sent. */
export async function startGlobal(settings: Settings = {}): Promise<ControlPlane> {
  const { kdsPort, ...global } = await openGlobal([], settings);
  const zones = new Map<string, RecordedZone>();
  for (const zone of ["east", "west"]) zones.set(zone, await connectZone(zone, kdsPort, global.folder));
  const recorded = recordedResources("global");
  await holds(global.instance, recorded);
  await eventually(() => global.instance.store.list("ZoneInsight").every(isComplete), {
    what: "insights of the zones",
  });
  return {
    ...global,
    zones,
    async stop() {
      for (const zone of zones.values()) await zone.stop();
      await global.stop();
    },
  };
}

/** The program of a zone under a global of its own; what other zones have reaches it through that. */
export async function startWest(): Promise<ControlPlane> {
  // When the recorded zone was asked, there was one mesh more.
  const { kdsPort, ...global } = await openGlobal([{ type: "Mesh", mesh: "", name: "second", labels: {}, spec: {} }]);
  const east = await connectZone("east", kdsPort, global.folder);
  const [port = 0] = await freePorts(1);
  const config = configOf(global.folder, {
    "apiServer.http.port": port,
    "multizone.zone.name": "west",
    "multizone.zone.globalAddress": `grpc://127.0.0.1:${kdsPort}`,
    // The default adds a label to every MeshService of the zone.
    "topology.remoteWeights": "kuma",
  });
  const instance = await openInstance({ name: "west", zoneLabel: "west" }, config, log);
  await instance.store.commit(
    westOwn().map((resource) => ({ kind: "put", resource: observedBy(instance.instanceId, resource) })),
  );
  const program = await composeZone(instance, recordedEnvoy);
  await program.service.start();
  await holds(instance, recordedResources("west"));
  await eventually(() => instance.store.list("ZoneInsight").some(isComplete), { what: "counters of the zone" });
  return {
    instance,
    port,
    zones: new Map(),
    async stop() {
      await program.service.stop();
      await east.stop();
      await global.stop();
    },
  };
}

const ADMIN_PATHS: Readonly<Record<string, string>> = {
  "/config_dump": "xds",
  "/stats?usedonly": "stats",
  "/clusters": "clusters",
};

/** What the Envoy of `web` said, the one that was asked. */
const recordedEnvoy: AskEnvoy = async ({ host, path }) => {
  const name = `west/dataplanes/web-${ADMIN_PATHS[path]}`;
  const found = recordingsOf("west").find((each) => each.name === name)?.response;
  if (found === undefined || host !== "10.77.2.31") return err(`no recording of ${host} ${path}`);
  return ok(found.text ?? JSON.stringify(found.json));
};

async function openGlobal(more: readonly ResourceDraft[] = [], settings: Settings = {}) {
  const folder = await tempFolder("isthmus-contract-");
  const [port = 0, kdsPort = 0] = await freePorts(2);
  const config = configOf(folder.path, {
    "apiServer.http.port": port,
    "multizone.global.kds.grpcPort": kdsPort,
    "multizone.global.kds.interface": "127.0.0.1",
    "multizone.global.kds.tlsEnabled": false,
    "multizone.global.kds.zoneInsightFlushInterval": "100ms",
    ...settings,
  });
  const instance = await openInstance({ name: "global", zoneLabel: "Global" }, config, log);
  await instance.store.commit([...globalOwn(), ...more].map((resource) => ({ kind: "put", resource })));
  const program = await composeGlobal(instance);
  await program.service.start();
  await putMeshes(port, instance);
  return {
    instance,
    port,
    kdsPort,
    folder: folder.path,
    async stop() {
      await program.service.stop();
      await folder.remove();
    },
  };
}

/** As its operator did: with a mesh come its secrets. */
async function putMeshes(port: number, instance: Instance): Promise<void> {
  for (const mesh of recordedMeshes()) {
    const { name } = mesh;
    if (typeof name !== "string") throw new Error("a mesh without a name");
    const response = await fetch(`http://127.0.0.1:${port}/meshes/${name}`, {
      method: "PUT",
      headers: { "content-type": "application/json", authorization: `Bearer ${adminToken(instance)}` },
      body: JSON.stringify(mesh),
    });
    if (!response.ok) throw new Error(await response.text());
  }
}

/** All that was recorded is there, under the names that the sync gives it. */
async function holds({ store }: Instance, recorded: readonly ResourceKey[]): Promise<void> {
  const missing = (): string[] => recorded.filter((key) => store.get(key) === undefined).map(describeKey);
  await eventually(() => missing().length === 0, { what: "everything that was recorded in the store" }).catch(
    (error: unknown) => {
      throw new Error(`missing: ${missing().join(", ")}`, { cause: error });
    },
  );
}

/** All that was sent is acknowledged, and the zone can be asked about its proxies. */
function isComplete({ spec }: { readonly spec: JsonObject }): boolean {
  const text = JSON.stringify(spec);
  const count = (member: string): number => text.split(`"${member}"`).length - 1;
  return (
    count("responsesSent") > 0 &&
    count("responsesSent") === count("responsesAcknowledged") &&
    text.includes('"clusters"')
  );
}

/** The proxies of an insight are connected to this instance. */
function observedBy(instanceId: string, resource: ResourceDraft): ResourceDraft {
  const text = JSON.stringify(resource.spec).replace(
    /"controlPlaneInstanceId":"[^"]*"/g,
    `"controlPlaneInstanceId":"${instanceId}"`,
  );
  return { ...resource, spec: JSON.parse(text) as JsonObject };
}

/** Where the administrator's token is; without access control there is none. */
export function adminToken({ store }: Instance): string {
  const data = store.get({ type: "GlobalSecret", mesh: "", name: "admin-user-token" })?.spec["data"];
  return typeof data === "string" ? Buffer.from(data, "base64").toString() : "";
}
