import { describe, expect, it } from "vitest";
import type { EndpointSet } from "../endpoints/endpoint-set.ts";
import { endpointsFor } from "../endpoints/sidecar.ts";
import { dataplane, LOCAL, meshService, remoteLabels, resource, SETTINGS, secureMesh } from "../testing/resources.ts";
import { snapshotWorld } from "../world/snapshot-world.ts";
import { explainText } from "./explain-text.ts";
import { explain } from "./explanation.ts";

const VIP = { vips: [{ ip: "241.0.0.1" }] };
const resources = [
  secureMesh(),
  dataplane("web", [{ port: 80, service: "web" }], { labels: LOCAL }),
  dataplane("backend-1", [{ port: 8080, service: "backend" }], { labels: LOCAL, address: "10.2.0.11" }),
  dataplane("backend-2", [{ port: 8080, service: "backend", state: "NotReady" }], { labels: LOCAL }),
  meshService("backend", [8080], {
    labels: { ...LOCAL, "kuma.io/display-name": "backend" },
    status: { ...VIP, dataplaneProxies: { healthy: 1, total: 2 } },
  }),
  meshService("backend-x", [8080], {
    labels: { ...remoteLabels("east", "backend"), "isthmus.io/healthy-instances": "4" },
    spec: { state: "Available" },
  }),
  resource("MeshMultiZoneService", "all", {
    spec: {
      selector: { meshService: { matchLabels: { "kuma.io/display-name": "backend" } } },
      ports: [{ port: 8080 }],
    },
  }),
  resource("MeshZoneAddress", "door", {
    labels: { "kuma.io/zone": "east" },
    spec: { address: "203.0.113.10", port: 10_001 },
  }),
];
const world = snapshotWorld(resources, SETTINGS);
const client = world.proxy("default", "web");
if (client === undefined) throw new Error("no client");

const setOf = (name: string, port: number): EndpointSet =>
  endpointsFor(client, { kind: "MeshMultiZoneService", mesh: "default", name }, port, world, { isRouted: true });

describe("the text of an explanation", () => {
  it("says what is in, with its arithmetic, then what is out, then what is known of health", () => {
    const explanation = explain(setOf("all", 8080), world, {
      client,
      syncAgeSeconds: (zone) => (zone === "east" ? 3 : undefined),
    });
    expect(explainText(explanation)).toBe(
      [
        "from  Dataplane default/web (zone west)",
        "to    MeshMultiZoneService default/all:8080",
        "2 of 3 candidates are in; traffic goes to priority 0 while it is healthy",
        "+ 10.2.0.11:8080 (zone west), priority 0, weight 1",
        "    what: inbound 8080 of Dataplane backend-1 is ready",
        "    weight: 1 for each instance",
        "    priority: own zone",
        "+ 203.0.113.10:10001 (zone east), priority 1, weight 4",
        "    what: through MeshZoneAddress door at 203.0.113.10:10001, last heard of 3 s ago",
        "    weight: 4 healthy instances / 1 address",
        "    priority: zone east; the own zone goes first",
        "- Dataplane backend-2 inbound 8080 (zone west): notHealthy: inbound 8080 of Dataplane backend-2 is not ready",
        "health: MeshService backend (zone west) (local): Unavailable, healthy instances: 1",
        "health: MeshService backend (zone east): Available, healthy instances: 4",
        "",
      ].join("\n"),
    );
  });

  it("names the gates when nothing is in", () => {
    const text = explainText(explain(setOf("nothing", 80), world));
    expect(text).toBe(
      [
        "to    MeshMultiZoneService default/nothing:80",
        "0 of 1 candidates are in; no traffic is possible: serviceUnknown",
        "- nothing: serviceUnknown: there is no MeshMultiZoneService nothing in mesh default",
        "",
      ].join("\n"),
    );
  });

  it("gives no age for the own zone", () => {
    const { candidates } = explain(setOf("all", 8080), world, { syncAgeSeconds: () => 7 });
    expect(candidates.map(({ zone, syncAgeSeconds }) => [zone, syncAgeSeconds])).toEqual([
      ["west", undefined],
      ["east", 7],
      ["west", undefined],
    ]);
  });
});
