import type { Labels, Resource } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { expect, it } from "vitest";
import { readProxy } from "../model/read-proxy.ts";
import { snapshotWorld } from "../world/snapshot-world.ts";
import { reachablePorts } from "./reachable-ports.ts";

const resource = (type: string, name: string, spec: JsonObject, labels: Labels = {}): Resource => ({
  type,
  mesh: "default",
  name,
  labels,
  spec,
  creationTime: "2025-01-01T00:00:00Z",
  modificationTime: "2025-01-01T00:00:00Z",
  version: 1,
});
const two = { ports: [{ port: 80, name: "http" }, { port: 9000 }] };
const services = [
  resource("MeshService", "a", two, { app: "x" }),
  resource("MeshService", "b", two, { app: "x" }),
  resource("MeshMultiZoneService", "m", two),
  resource("MeshExternalService", "e", { match: { port: 443 } }),
];
const world = snapshotWorld(services, { zone: "east", remoteWeights: "isthmus", systemNamespace: "" });
const reached = (networking: JsonObject) =>
  reachablePorts(
    readProxy(resource("Dataplane", "dp", { networking: { address: "10.0.0.1", ...networking } })),
    world,
  ).map(({ kri }) => kri.replace(/^kri_(\w+?)_default___/, "$1 "));
const backends = (...refs: readonly JsonObject[]): JsonObject => ({
  transparentProxying: { reachableBackends: { refs } },
});

it.each<[string, JsonObject, readonly string[]]>([
  [
    "everything",
    {},
    ["extsvc e_443", "msvc a_9000", "msvc a_http", "msvc b_9000", "msvc b_http", "mzsvc m_9000", "mzsvc m_http"],
  ],
  ["nothing", backends(), []],
  ["one port of a service", backends({ kind: "MeshService", name: "a", port: 80 }), ["msvc a_http"]],
  [
    "all ports of all with a label",
    backends({ kind: "MeshService", labels: { app: "x" }, port: 9000 }),
    ["msvc a_9000", "msvc b_9000"],
  ],
  [
    "what does not exist",
    backends({ kind: "MeshService", name: "a", port: 81 }, { kind: "MeshService", name: "z" }),
    [],
  ],
  [
    "each once",
    backends({ kind: "MeshExternalService", name: "e" }, { kind: "MeshExternalService", name: "e", port: 443 }),
    ["extsvc e_443"],
  ],
  [
    "own outbounds before all else",
    { outbound: [{ port: 1, backendRef: { kind: "MeshMultiZoneService", name: "m", port: 80 } }], ...backends() },
    ["mzsvc m_http"],
  ],
  ["legacy outbounds do not count", { outbound: [{ port: 1, tags: { "kuma.io/service": "a" } }], ...backends() }, []],
])("%s", (_title, networking, expected) => {
  expect(reached(networking)).toEqual(expected);
});
