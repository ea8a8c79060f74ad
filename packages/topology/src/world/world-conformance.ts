/** What every implementation of `World` must do. Each gets the same resources in another order. */
import type { Resource } from "@isthmus/resources";
import { describe, expect, it } from "vitest";
import {
  dataplane,
  insight,
  LOCAL,
  meshService,
  remoteLabels,
  resource,
  SETTINGS,
  secureMesh,
} from "../testing/resources.ts";
import type { SnapshotSettings } from "./snapshot-world.ts";
import type { World } from "./world.ts";

/** Calls `look` with a world of these resources, and returns what it returned. */
export type WithWorld = <T>(resources: readonly Resource[], settings: SnapshotSettings, look: (world: World) => T) => T;

const BACKEND = { "kuma.io/service": "backend" };

const RESOURCES: readonly Resource[] = [
  secureMesh("default"),
  secureMesh("other", "Disabled"),
  dataplane("b-2", [{ port: 8080, service: "backend", tags: { version: "v2", "kuma.io/zone": "west" } }], {
    labels: { ...LOCAL, "kuma.io/workload": "backend", team: "a" },
  }),
  dataplane(
    "b-1",
    [
      { port: 8080, service: "backend", tags: { version: "v1" } },
      { port: 9090, service: "metrics" },
    ],
    {
      labels: { ...LOCAL, "kuma.io/workload": "backend" },
    },
  ),
  dataplane("web", [{ port: 80, service: "web" }], { labels: LOCAL }),
  dataplane("none", [], { labels: { ...LOCAL, "kuma.io/workload": "backend" } }),
  dataplane("b-1", [{ port: 8080, service: "backend" }], { mesh: "other", labels: LOCAL }),
  resource("Dataplane", "door", {
    labels: LOCAL,
    spec: { networking: { address: "10.0.0.9", listeners: [{ type: "ZoneIngress", port: 10_001 }] } },
  }),
  insight("b-1", { issuedBackend: "ca-1" }),
  insight("b-2", { isOnline: false }),
  meshService("backend", [8080]),
  meshService("web", [80]),
  meshService("backend-x1", [8080], { labels: remoteLabels("east", "backend") }),
  meshService("backend", [8080], { mesh: "other" }),
  resource("MeshMultiZoneService", "backend", { spec: { ports: [{ port: 8080 }] } }),
  resource("MeshExternalService", "httpbin", { labels: LOCAL, spec: { match: { port: 443, protocol: "http" } } }),
  resource("ZoneIngress", "zi-2", { mesh: "", spec: { zone: "east", networking: {} } }),
  resource("ZoneIngress", "zi-1", { mesh: "", spec: { networking: {} } }),
  resource("ZoneEgress", "ze-1", { mesh: "", spec: { networking: { address: "10.0.0.8", port: 10_002 } } }),
  resource("MeshZoneAddress", "mza", {
    labels: remoteLabels("east", "mza"),
    spec: { address: "192.0.2.1", port: 10_001 },
  }),
  resource("MeshZoneAddress", "bad", { labels: remoteLabels("east", "bad"), spec: { address: "192.0.2.1", port: 0 } }),
  resource("MeshTrust", "t-2"),
  resource("MeshTrust", "t-1"),
  resource("MeshTrust", "t-1", { mesh: "other" }),
];

const GATE = { gate: "zoneDisabled", detail: "Zone east is disabled" } as const;

const namesOf = (list: readonly { readonly name: string; readonly mesh: string }[]): readonly string[] =>
  list.map(({ mesh, name }) => `${mesh}/${name}`);

export function worldConformance(withWorld: WithWorld): void {
  const cases: readonly [what: string, look: (world: World) => unknown, expected: unknown][] = [
    ["a mesh", (world) => world.mesh("other")?.mode, "Disabled"],
    ["an unknown mesh", (world) => world.mesh("nowhere"), undefined],
    ["all meshes", (world) => world.meshes().map(({ name }) => name), ["default", "other"]],
    ["a service", (world) => world.service("MeshService", "default", "web")?.ports[0]?.port, 80],
    ["a service of another kind", (world) => world.service("MeshExternalService", "default", "web"), undefined],
    [
      "services of a mesh",
      (world) => namesOf(world.services("MeshService", "default")),
      ["default/backend", "default/backend-x1", "default/web"],
    ],
    [
      "services of another kind",
      (world) => namesOf(world.services("MeshExternalService", "default")),
      ["default/httpbin"],
    ],
    [
      "a service by its origin",
      (world) =>
        world.serviceByOrigin("MeshService", "default", { name: "backend", namespace: "", zone: "east" })?.name,
      "backend-x1",
    ],
    [
      "MeshServices by a label",
      (world) => namesOf(world.meshServicesWith({ "kuma.io/display-name": "backend" })),
      ["default/backend", "default/backend-x1", "other/backend"],
    ],
    [
      "MeshServices by labels that all have",
      (world) => namesOf(world.meshServicesWith({ "kuma.io/zone": "west" })),
      ["default/backend", "default/web", "other/backend"],
    ],
    ["MeshServices by no label", (world) => world.meshServicesWith({}).length, 4],
    ["a proxy", (world) => world.proxy("other", "b-1")?.inbounds.length, 1],
    [
      "proxies of a mesh",
      (world) => namesOf(world.proxies("default")),
      ["default/b-1", "default/b-2", "default/door", "default/none", "default/web"],
    ],
    ["an insight", (world) => world.insight("default", "b-1"), { isOnline: true, hasCertificate: true }],
    ["an insight of a lost proxy", (world) => world.insight("default", "b-2")?.isOnline, false],
    ["no insight", (world) => world.insight("other", "b-1"), undefined],
    ["service tags", (world) => world.serviceTags("default"), ["backend", "metrics", "web"]],
    ["service tags of an unknown mesh", (world) => world.serviceTags("nowhere"), []],
    [
      "selected by tag",
      (world) => namesOf(world.selected("default", { tags: BACKEND })),
      ["default/b-1", "default/b-2"],
    ],
    [
      "selected by two tags of one inbound",
      (world) => namesOf(world.selected("default", { tags: { ...BACKEND, version: "v2" } })),
      ["default/b-2"],
    ],
    [
      "not selected by tags of two inbounds",
      (world) => world.selected("default", { tags: { "kuma.io/service": "metrics", version: "v1" } }),
      [],
    ],
    [
      "selected by the zone's tag",
      (world) => namesOf(world.selected("default", { tags: { "kuma.io/zone": "west" } })),
      ["default/b-2"],
    ],
    ["selected by no tag", (world) => world.selected("default", { tags: {} }), []],
    [
      "selected by label, not without inbounds",
      (world) => namesOf(world.selected("default", { labels: { "kuma.io/workload": "backend" } })),
      ["default/b-1", "default/b-2"],
    ],
    [
      "selected by a user's label",
      (world) => namesOf(world.selected("default", { labels: { team: "a" } })),
      ["default/b-2"],
    ],
    ["selected by no label", (world) => world.selected("default", { labels: {} }).length, 3],
    ["selected by name", (world) => namesOf(world.selected("default", { name: "b-2" })), ["default/b-2"]],
    ["not selected by name without inbounds", (world) => world.selected("default", { name: "none" }), []],
    ["not selected by an empty selector", (world) => world.selected("default", {}), []],
    ["proxies of a service", (world) => namesOf(world.proxiesOfService("other", "backend")), ["other/b-1"]],
    [
      "proxies of a workload",
      (world) => namesOf(world.proxiesOfWorkload("default", "backend")),
      ["default/b-1", "default/b-2", "default/none"],
    ],
    ["zone proxies", (world) => namesOf(world.zoneProxies("default", "ZoneIngress")), ["default/door"]],
    ["no zone proxies", (world) => world.zoneProxies("default", "ZoneEgress"), []],
    ["zone ingresses", (world) => world.zoneIngresses().map(({ name }) => name), ["zi-1", "zi-2"]],
    ["zone egresses", (world) => world.zoneEgresses().map(({ name }) => name), ["ze-1"]],
    [
      "zone addresses",
      (world) => world.zoneAddresses("default").map(({ zone, port }) => [zone, port]),
      [["east", 10_001]],
    ],
    ["resources of a type", (world) => namesOf(world.all("MeshTrust", "default")), ["default/t-1", "default/t-2"]],
    ["resources of a type with views", (world) => namesOf(world.all("MeshService", "other")), ["other/backend"]],
    ["resources of an unknown type", (world) => world.all("Nothing", "default"), []],
    ["a closed zone", (world) => world.zoneGate("east"), GATE],
    ["an open zone", (world) => world.zoneGate("north"), undefined],
    ["a host name", (world) => world.resolvedAddress("east.example"), "192.0.2.7"],
    ["an unknown host name", (world) => world.resolvedAddress("north.example"), undefined],
    ["the settings", (world) => world.settings.zone, "west"],
  ];
  const settings: SnapshotSettings = {
    ...SETTINGS,
    zoneGates: new Map([["east", GATE]]),
    resolved: new Map([["east.example", "192.0.2.7"]]),
  };

  describe.each([
    ["in order", RESOURCES],
    ["in reverse order", [...RESOURCES].reverse()],
    ["by name", [...RESOURCES].sort((a, b) => (a.name < b.name ? -1 : 1))],
  ] as const)("resources %s", (_, resources) => {
    it.each(cases)("reads %s", (_what, look, expected) => {
      expect(withWorld(resources, settings, look)).toEqual(expected);
    });
  });
}
