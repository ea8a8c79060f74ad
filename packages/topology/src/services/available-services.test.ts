import type { Resource } from "@isthmus/resources";
import { describe, expect, it } from "vitest";
import { readZoneIngress } from "../model/read-doors.ts";
import { dataplane, mesh, resource, SETTINGS, secureMesh } from "../testing/resources.ts";
import { snapshotWorld } from "../world/snapshot-world.ts";
import {
  type AvailableServicesSettings,
  availableServices,
  isOwnIngress,
  withAvailableServices,
} from "./available-services.ts";

const EVERYTHING: AvailableServicesSettings = { tagFilters: [] };
const found = (resources: readonly Resource[], settings = EVERYTHING) =>
  availableServices(snapshotWorld(resources, SETTINGS), settings);
const web = { "kuma.io/service": "web" };

describe("availableServices", () => {
  const proxies = [
    dataplane("a", [{ port: 80, service: "web", tags: { version: "v1" } }]),
    dataplane("b", [
      { port: 80, service: "web", tags: { version: "v1" } },
      { port: 81, service: "admin" },
    ]),
    dataplane("c", [{ port: 80, service: "web", tags: { version: "v2" } }]),
    dataplane("d", [{ port: 80, service: "web", tags: { version: "v1" }, state: "NotReady" }]),
    dataplane("e", [{ port: 80 }]),
  ];

  it("counts healthy inbounds by their tags, in order of mesh and tags", () => {
    const other = dataplane("a", [{ port: 80, service: "web" }], { mesh: "a-mesh" });
    expect(found([mesh("default"), mesh("a-mesh"), ...proxies, other])).toEqual([
      { mesh: "a-mesh", tags: web, instances: 1, isExternal: false },
      { mesh: "default", tags: { "kuma.io/service": "admin" }, instances: 1, isExternal: false },
      { mesh: "default", tags: { ...web, version: "v1" }, instances: 2, isExternal: false },
      { mesh: "default", tags: { ...web, version: "v2" }, instances: 1, isExternal: false },
    ]);
  });

  it.each([
    ["Disabled", 3],
    ["Everywhere", 3],
    ["ReachableBackends", 3],
    ["Exclusive", 0],
  ])("in mode %s has %i entries", (mode, count) => {
    expect(found([secureMesh("default", mode), ...proxies])).toHaveLength(count);
  });

  it("ignores Dataplanes of an unknown mesh", () => {
    expect(found(proxies)).toEqual([]);
  });

  it("tells only tags that the filters let through, and counts what is then the same together", () => {
    expect(found([mesh("default"), ...proxies], { tagFilters: ["kuma.io/"] })).toEqual([
      { mesh: "default", tags: { "kuma.io/service": "admin" }, instances: 1, isExternal: false },
      { mesh: "default", tags: web, instances: 3, isExternal: false },
    ]);
  });

  it("tells external services of the own zone when traffic goes through egresses", () => {
    const external = (name: string, zone?: string): Resource =>
      resource("ExternalService", name, {
        spec: { tags: { "kuma.io/service": name, ...(zone === undefined ? {} : { "kuma.io/zone": zone }) } },
      });
    const services = [external("mine", "west"), external("theirs", "east"), external("anyone's")];
    const mine = {
      mesh: "default",
      tags: { "kuma.io/service": "mine", "kuma.io/zone": "west" },
      instances: 1,
      isExternal: true,
    };
    expect(found([mesh("default", { routing: { zoneEgress: true } }), ...services])).toEqual([mine]);
    expect(found([mesh("default"), ...services])).toEqual([]);
    expect(
      found([mesh("default", { routing: { zoneEgress: true }, meshServices: { mode: "Exclusive" } }), ...services]),
    ).toEqual([]);
  });

  it("tells listeners of gateways that other meshes may use, also in mode Exclusive", () => {
    const gateway = { type: "BUILTIN", tags: { "kuma.io/service": "gw" } };
    const proxy = (name: string) =>
      resource("Dataplane", name, { spec: { networking: { address: "10.0.0.1", gateway } } });
    const listeners = [
      { port: 80, protocol: "HTTP", crossMesh: true, tags: { port: "80" } },
      { port: 81, protocol: "HTTP", tags: { port: "81" } },
    ];
    const definition = resource("MeshGateway", "gw", {
      spec: { selectors: [{ match: { "kuma.io/service": "gw" } }], tags: { team: "a" }, conf: { listeners } },
    });
    expect(found([secureMesh(), proxy("g-1"), proxy("g-2"), definition])).toEqual([
      {
        mesh: "default",
        tags: { "kuma.io/mesh": "default", "kuma.io/service": "gw", team: "a", port: "80" },
        instances: 2,
        isExternal: false,
      },
    ]);
    expect(found([secureMesh(), proxy("g-1")])).toEqual([]);
  });
});

describe("withAvailableServices", () => {
  const ingress = resource("ZoneIngress", "zi", {
    mesh: "",
    spec: { networking: { address: "10.0.0.1", port: 10_001 } },
  });
  const services = [
    { mesh: "default", tags: web, instances: 2, isExternal: false },
    { mesh: "default", tags: { "kuma.io/service": "x" }, instances: 1, isExternal: true },
  ];

  it("writes what the reader reads, and nothing twice", () => {
    const written = withAvailableServices(ingress, services);
    expect(written.spec).toEqual({
      ...ingress.spec,
      availableServices: [
        { tags: web, instances: 2, mesh: "default" },
        { tags: { "kuma.io/service": "x" }, instances: 1, mesh: "default", externalService: true },
      ],
    });
    expect(readZoneIngress(written).availableServices).toEqual(services);
    expect(withAvailableServices(written, services)).toBe(written);
    expect(withAvailableServices(written, []).spec).toEqual(ingress.spec);
    expect(withAvailableServices(ingress, [])).toBe(ingress);
  });

  it.each([
    [undefined, true],
    ["west", true],
    ["east", false],
  ])("is for ingresses of the own zone: %s", (zone, isOwn) => {
    const view = readZoneIngress({ ...ingress, spec: { ...ingress.spec, ...(zone === undefined ? {} : { zone }) } });
    expect(isOwnIngress(view, snapshotWorld([], SETTINGS))).toBe(isOwn);
  });
});
