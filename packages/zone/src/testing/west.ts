/** What the store of zone `west` holds in tests: a client, a service of its own, the same service in `east` behind its ingress. */
import type { Labels } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { createMemoryStore, type ResourceDraft, type Store } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import type { SnapshotSettings } from "@isthmus/topology";

export const WEST: SnapshotSettings = { zone: "west", remoteWeights: "isthmus", systemNamespace: "" };

/** In the store under another name, as the sync does it. */
export const EAST_BACKEND = "backend-8c2f";

export async function westStore(...others: readonly ResourceDraft[]): Promise<Store> {
  const store = createMemoryStore({ clock: new FakeClock() });
  await store.commit([...WEST_RESOURCES, ...others].map((resource) => ({ kind: "put", resource })));
  return store;
}

export function draft(type: string, name: string, spec: JsonObject, more: Partial<ResourceDraft> = {}): ResourceDraft {
  return { type, mesh: "default", name, labels: {}, spec, ...more };
}

export function dataplane(name: string, address: string, more: JsonObject = {}): ResourceDraft {
  const labels = { ...own("west"), app: name.replace(/-\d+$/, "") };
  return draft("Dataplane", name, { networking: { address, ...more } }, { labels });
}

function own(zone: string): Labels {
  return { "kuma.io/origin": "zone", "kuma.io/zone": zone };
}

function synced(zone: string, name: string): Labels {
  return { "kuma.io/origin": "global", "kuma.io/zone": zone, "kuma.io/display-name": name };
}

function backend(name: string, labels: Labels, vip: string): ResourceDraft {
  return draft(
    "MeshService",
    name,
    {
      state: "Available",
      selector: { dataplaneLabels: { matchLabels: { app: "backend" } } },
      ports: [{ name: "http", port: 80, targetPort: 8080, appProtocol: "http" }],
    },
    { labels, status: { vips: [{ ip: vip }], tls: { status: "Ready" } } },
  );
}

const TRANSPARENT = { transparentProxying: { redirectPortInbound: 15006, redirectPortOutbound: 15001 } };
const serving = (health: boolean) => ({ inbound: [{ port: 8080, state: health ? "Ready" : "NotReady" }] });

const WEST_RESOURCES: readonly ResourceDraft[] = [
  draft(
    "Mesh",
    "default",
    {
      mtls: { enabledBackend: "ca", backends: [{ name: "ca", type: "builtin" }] },
      meshServices: { mode: "Exclusive" },
    },
    { mesh: "" },
  ),
  dataplane("web", "10.0.0.1", TRANSPARENT),
  dataplane("backend-1", "10.0.0.2", serving(true)),
  dataplane("backend-2", "10.0.0.3", serving(false)),
  backend("backend", own("west"), "241.0.0.1"),
  backend(
    EAST_BACKEND,
    { ...synced("east", "backend"), "isthmus.io/healthy-instances": "3", span: "all" },
    "241.0.0.2",
  ),
  draft(
    "ZoneIngress",
    "in-east",
    {
      zone: "east",
      networking: { address: "10.9.0.1", port: 10001, advertisedAddress: "192.0.2.1", advertisedPort: 7 },
    },
    { mesh: "", labels: synced("east", "in") },
  ),
  draft(
    "ZoneIngress",
    "in-west",
    { zone: "west", networking: { address: "10.0.0.9", port: 10001 } },
    { mesh: "", labels: own("west") },
  ),
  draft(
    "ZoneEgress",
    "out-west",
    { zone: "west", networking: { address: "10.0.0.8", port: 10002 } },
    { mesh: "", labels: own("west") },
  ),
];
