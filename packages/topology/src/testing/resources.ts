/** Resources for tests, as the store of zone `west` would hold them. */
import type { Labels, Resource } from "@isthmus/resources";
import type { JsonObject, JsonValue } from "@isthmus/std";
import type { TopologySettings } from "../world/world.ts";

export const EPOCH = "2026-01-01T00:00:00Z";

export const SETTINGS: TopologySettings = { zone: "west", remoteWeights: "isthmus", systemNamespace: "" };

export interface Given {
  readonly mesh?: string;
  readonly labels?: Labels;
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
  readonly creationTime?: string;
  readonly version?: number;
}

export function resource(type: string, name: string, given: Given = {}): Resource {
  const { mesh = "default", labels = {}, spec = {}, status, creationTime = EPOCH, version = 1 } = given;
  const base = { type, mesh, name, labels, spec, creationTime, modificationTime: creationTime, version };
  return status === undefined ? base : { ...base, status };
}

export function mesh(name: string, spec: JsonObject = {}): Resource {
  return resource("Mesh", name, { mesh: "", spec });
}

/** mTLS by a builtin CA, MeshServices only. */
export function secureMesh(name = "default", mode = "Exclusive"): Resource {
  return mesh(name, {
    mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] },
    meshServices: { mode },
  });
}

export interface GivenInbound {
  readonly port: number;
  readonly service?: string;
  readonly name?: string;
  readonly protocol?: string;
  readonly tags?: Labels;
  readonly state?: string;
}

export function inbound({ port, service, name, protocol, tags = {}, state }: GivenInbound): JsonObject {
  const member = (key: string, value: JsonValue | undefined): JsonObject =>
    value === undefined ? {} : { [key]: value };
  return {
    ...member("tags", { ...(service === undefined ? {} : { "kuma.io/service": service }), ...tags }),
    port,
    ...member("state", state),
    ...member("name", name),
    ...member("protocol", protocol),
  };
}

export interface GivenProxy extends Given {
  readonly address?: string;
}

export function dataplane(name: string, inbounds: readonly GivenInbound[], given: GivenProxy = {}): Resource {
  const { address = "10.0.0.1", ...rest } = given;
  return resource("Dataplane", name, { ...rest, spec: { networking: { address, inbound: inbounds.map(inbound) } } });
}

export function insight(name: string, { isOnline = true, issuedBackend = "" } = {}, meshName = "default"): Resource {
  const subscription = { id: "1", connectTime: EPOCH, ...(isOnline ? {} : { disconnectTime: EPOCH }) };
  const mTLS: JsonObject = issuedBackend === "" ? {} : { mTLS: { issuedBackend } };
  return resource("DataplaneInsight", name, { mesh: meshName, spec: { subscriptions: [subscription], ...mTLS } });
}

export const LOCAL: Labels = { "kuma.io/origin": "zone", "kuma.io/zone": "west", "kuma.io/mesh": "default" };

export function remoteLabels(zone: string, displayName: string): Labels {
  return { "kuma.io/origin": "global", "kuma.io/zone": zone, "kuma.io/display-name": displayName };
}

/** Ports by number: each a `tcp` port that leads to the inbound of the same number, or as given. */
export function meshService(name: string, ports: readonly (number | JsonObject)[], given: Given = {}): Resource {
  const { spec = {}, ...rest } = given;
  return resource("MeshService", name, {
    labels: LOCAL,
    status: { tls: {}, dataplaneProxies: {} },
    ...rest,
    spec: {
      selector: { dataplaneTags: { "kuma.io/service": name } },
      ports: ports.map((port) => (typeof port === "number" ? { port, targetPort: port, appProtocol: "tcp" } : port)),
      ...spec,
    },
  });
}
