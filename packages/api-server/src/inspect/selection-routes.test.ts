/** Which Dataplanes something is about, and the names of services. */
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { dataplane, exclusive, get, policy, service, timeout, zoneWith } from "../testing/inspected-zone.ts";
import { rig } from "../testing/rig.ts";

describe("Dataplanes of a resource", async () => {
  const zone = await zoneWith(
    exclusive,
    dataplane("web"),
    dataplane("web-2"),
    dataplane("other"),
    service("web"),
    policy("MeshService", "by-name", { selector: { dataplaneRef: { name: "other" } } }),
    policy("MeshService", "by-labels", { selector: { dataplaneLabels: { matchLabels: { a: "b" } } } }),
    policy("MeshService", "by-nothing", { selector: {} }),
    timeout("t", { targetRef: { kind: "MeshSubset", tags: { "kuma.io/service": "web-2" } } }),
    timeout("all", {}),
    {
      type: "TrafficLog",
      mesh: "default",
      name: "log",
      sources: [{ match: { "kuma.io/service": "web" } }],
      destinations: [],
    },
    { type: "TrafficTrace", mesh: "default", name: "trace", selectors: [{ match: { "kuma.io/service": "*" } }] },
  );
  const names = async (path: string) => {
    const { items, total, next } = await get(zone, `/meshes/default/${path}`);
    return { names: (items as readonly { name: string }[]).map(({ name }) => name), total, next };
  };

  it.each<[string, readonly string[]]>([
    ["meshtimeouts/t/_resources/dataplanes", ["web-2"]],
    ["meshtimeouts/all/_resources/dataplanes?name=web", ["web", "web-2"]],
    ["traffic-logs/log/_resources/dataplanes", ["web"]],
    ["traffic-traces/trace/_resources/dataplanes", ["other", "web", "web-2"]],
    ["meshservices/web/_resources/dataplanes", ["web"]],
    ["meshservices/web/_dataplanes", ["web"]],
    ["meshservices/by-name/_dataplanes", ["other"]],
    ["meshservices/by-labels/_dataplanes", []],
    ["meshservices/by-nothing/_dataplanes", []],
  ])("%s", async (path, expected) => {
    expect(await names(path)).toEqual({ names: expected, total: expected.length, next: undefined });
  });

  it("come in pages", async () => {
    expect(await names("meshtimeouts/all/_resources/dataplanes?size=2")).toEqual({
      names: ["other", "web"],
      total: 3,
      next: "http://localhost:5681/meshes/default/meshtimeouts/all/_resources/dataplanes?offset=2&size=2",
    });
  });

  it("in the older form are attachments, none for policies that are not in effect", async () => {
    expect(await get(zone, "/meshes/default/meshtimeouts/t/dataplanes")).toEqual({
      status: 200,
      total: 1,
      items: [
        {
          kind: "SidecarDataplane",
          dataplane: { mesh: "default", name: "web-2" },
          attachments: [{ type: "dataplane" }],
        },
      ],
    });
    for (const path of ["traffic-logs/log", "meshtimeouts/none"]) {
      expect(await get(zone, `/meshes/default/${path}/dataplanes`)).toEqual({ status: 200, total: 0, items: [] });
    }
  });

  it.each<[string, number, string]>([
    ["/meshes/none/meshtimeouts/t/_resources/dataplanes", 404, "Failed to retrieve Mesh"],
    ["/meshes/default/meshtimeouts/none/_resources/dataplanes", 404, "Could not retrieve policy"],
    ["/meshes/default/meshtimeouts/t/_resources/dataplanes?size=x", 400, "Could not retrieve policy"],
    ["/meshes/default/meshtimeouts/t/_resources/dataplanes?offset=x", 400, "failed inspect"],
    ["/meshes/default/meshservices/none/_dataplanes", 404, "Could not retrieve policy"],
    ["/meshes/none/meshtimeouts/t/dataplanes", 404, "Could not list Dataplanes"],
    ["/meshes/default/meshgateways/none/dataplanes", 404, "Could not find MeshGateway"],
  ])("%s is refused", async (path, status, title) => {
    expect(await get(zone, path)).toMatchObject({ status, title });
  });

  it("of a MeshGateway are its builtin gateways", async () => {
    const gateways = await zoneWith(
      exclusive,
      dataplane("sidecar"),
      dataplane("gw", { inbound: [], gateway: { type: "BUILTIN", tags: { "kuma.io/service": "gw" } } }),
      dataplane("delegated", { inbound: [], gateway: { tags: { "kuma.io/service": "gw" } } }),
      {
        type: "MeshGateway",
        mesh: "default",
        name: "edge",
        selectors: [{ match: { "kuma.io/service": "gw" } }],
        conf: { listeners: [{ port: 80, protocol: "HTTP" }] },
      },
    );
    expect(await get(gateways, "/meshes/default/meshgateways/edge/dataplanes")).toEqual({
      status: 200,
      total: 1,
      items: [{ dataplane: { mesh: "default", name: "gw" } }],
    });
    expect(await get(gateways, "/meshes/default/dataplanes/gw/policies")).toEqual({
      status: 200,
      kind: "MeshGatewayDataplane",
      gateway: { mesh: "default", name: "edge" },
      listeners: [{ port: 80, protocol: "HTTP", hosts: [] }],
    });
  });
});

describe("_hostnames", () => {
  const generator = (name: string, matchLabels: JsonObject, template: string): JsonObject => ({
    type: "HostnameGenerator",
    name,
    spec: { selector: { meshService: { matchLabels } }, template },
  });
  const backend = { ...service("backend"), labels: { "kuma.io/origin": "zone", "kuma.io/zone": "east" } };
  const generators = [
    generator("zone", { "kuma.io/origin": "zone" }, "{{ .DisplayName }}.own"),
    generator("global", { "kuma.io/origin": "global" }, "{{ .DisplayName }}.{{ .Zone }}.other"),
    generator("loud", { "kuma.io/zone": "east" }, "{{ .DisplayName }}_X"),
    generator("broken", { "kuma.io/zone": "east" }, '{{ label "none" }}'),
  ];
  const item = (hostname: string) => ({ hostname, zones: [{ name: "east" }] });

  it("on a zone are those of the service as it is there", async () => {
    const zone = await zoneWith(exclusive, backend, ...generators);
    expect(await get(zone, "/meshes/default/meshservices/backend/_hostnames")).toEqual({
      status: 200,
      items: [item("backend.own"), item("backend_X")],
      total: 2,
    });
  });

  it("on a global are those of the service as any zone sees it", async () => {
    const global = rig();
    await global.seed(exclusive, backend, ...generators);
    expect(await get(global, "/meshes/default/meshservices/backend/_hostnames")).toMatchObject({
      items: [item("backend.east.other"), item("backend.own"), item("backend_X")],
      total: 3,
    });
  });

  it("are null where there are none, and only of services", async () => {
    const zone = await zoneWith(exclusive, backend, dataplane("web"));
    expect(await get(zone, "/meshes/default/meshservices/backend/_hostnames")).toEqual({
      status: 200,
      items: null,
      total: 0,
    });
    expect(await get(zone, "/meshes/default/meshservices/none/_hostnames")).toMatchObject({
      status: 404,
      title: "could not retrieve service",
    });
    expect(await get(zone, "/meshes/default/meshtimeouts/t/_hostnames")).toMatchObject({
      status: 400,
      title: 'only "meshservices,meshexternalservices,meshmultizoneservices" are available for inspection',
    });
  });
});
