import { ApiClient } from "@isthmus/api";
import { ApiServer } from "@isthmus/api-server";
import { nodeKeyMaker, ResourceManager } from "@isthmus/manager";
import { builtinTypes, Registry } from "@isthmus/resources";
import { err, systemClock } from "@isthmus/std";
import type { ResourceDraft } from "@isthmus/store";
import { explainText } from "@isthmus/topology";
import { describe, expect, it } from "vitest";
import { StoreWorld } from "../testing/store-world.ts";
import { dataplane, draft, EAST_BACKEND, WEST, westStore } from "../testing/west.ts";
import { ZoneTopologyApi } from "./zone-topology-api.ts";

async function zone(...others: readonly ResourceDraft[]) {
  const registry = new Registry(builtinTypes);
  const store = await westStore(...others);
  const role = { registry, store, mode: "zone", isFederated: true } as const;
  const manager = new ResourceManager({ ...role, zoneName: "west", keys: nodeKeyMaker(systemClock) });
  const topology = new ZoneTopologyApi({
    source: new StoreWorld(store, registry, WEST),
    whatIf: async () => err({ kind: "busy", detail: "not here" }),
    syncAgeSeconds: (name) => (name === "east" ? 12 : undefined),
  });
  const index = {
    hostname: "",
    product: "Isthmus",
    version: "2.14.3",
    instanceId: "i",
    clusterId: "",
    gui: "",
  };
  const server = new ApiServer({ ...role, manager, topology, port: 0, index: () => index });
  const client = new ApiClient({
    baseUrl: "http://cp",
    fetch: async (input) => {
      const answer = await server.inject({ method: "GET", url: input.slice("http://cp".length) });
      return new Response(answer.payload, { status: answer.statusCode });
    },
  });
  return { store, client };
}

describe("an explanation over REST", async () => {
  const { store, client } = await zone();

  it("names what is in and what is out, with reasons", async () => {
    const explanation = await client.explain("default", "web", { to: "backend:http" });
    expect(explanation.to).toEqual({ kind: "MeshService", mesh: "default", name: "backend", port: 80 });
    expect(explanation.candidates.map(({ source, endpoint, gate }) => [source, endpoint?.address, gate])).toEqual([
      [{ kind: "instance", mesh: "default", dataplane: "backend-1", inbound: "8080" }, "10.0.0.2", undefined],
      [{ kind: "instance", mesh: "default", dataplane: "backend-2", inbound: "8080" }, undefined, "notHealthy"],
    ]);
  });

  it("leads through the ingress of another zone, and says how old that is", async () => {
    const explanation = await client.explain("default", "web", { to: EAST_BACKEND });
    expect(explanation.candidates).toMatchObject([
      { zone: "east", endpoint: { address: "192.0.2.1", port: 7, weight: 3 }, syncAgeSeconds: 12 },
    ]);
    expect(explainText(explanation)).toContain("+ 192.0.2.1:7 (zone east), priority 1, weight 3");
  });

  it("follows what is stored", async () => {
    const before = await client.explain("default", "web", { to: "new:80" });
    expect(before.candidates.map(({ gate }) => gate)).toEqual(["serviceUnknown"]);
    await store.commit([
      {
        kind: "put",
        resource: draft("MeshService", "new", {
          selector: { dataplaneLabels: { matchLabels: {} } },
          ports: [{ port: 80 }],
        }),
      },
    ]);
    const after = await client.explain("default", "web", { to: "new:80" });
    expect(after.candidates.map(({ gate }) => gate)).not.toContain("serviceUnknown");
  });

  it("has all that is wrong with the question", async () => {
    await expect(client.explain("default", "web", { to: "", kind: "Zone" })).rejects.toMatchObject({
      status: 400,
      invalidParameters: [{ field: "kind" }, { field: "to" }],
    });
    await expect(client.explain("default", "none", { to: "backend" })).rejects.toMatchObject({ status: 404 });
  });
});

describe("endpoint sets over REST", async () => {
  const proxyOfZone = dataplane("zp", "10.0.0.7", {
    listeners: [{ type: "ZoneIngress", address: "10.0.0.7", port: 10005, name: "in" }],
  });
  const { client } = await zone(proxyOfZone);

  it("of a sidecar have a line for each port of each service", async () => {
    const { zone: home, outbounds, listeners } = await client.dataplaneEndpoints("default", "web");
    expect([home, listeners]).toEqual(["west", []]);
    expect(outbounds).toMatchObject([
      {
        address: "241.0.0.1",
        port: 80,
        servicePort: 80,
        service: { name: "backend" },
        serviceZone: "west",
        endpoints: [{ address: "10.0.0.2" }],
        leftOut: [{ gate: "notHealthy", count: 1 }],
      },
      {
        address: "241.0.0.2",
        service: { name: EAST_BACKEND },
        displayName: "backend",
        serviceZone: "east",
        endpoints: [{ address: "192.0.2.1" }],
        leftOut: [],
      },
    ]);
  });

  it("of an ingress are by server name, of local instances alone", async () => {
    const { exposures, zone: home } = await client.zoneIngressEndpoints("in-west");
    expect(home).toBe("west");
    expect(exposures).toMatchObject([
      {
        sni: expect.stringMatching(/^a[0-9a-f]+\.backend\./),
        service: { name: "backend" },
        endpoints: [{ address: "10.0.0.2" }],
      },
    ]);
    const listener = (await client.dataplaneEndpoints("default", "zp")).listeners;
    expect(listener).toMatchObject([
      { kind: "ZoneIngress", section: "in", exposures: [{ sni: expect.stringMatching(/backend/) }] },
    ]);
  });

  it("of an egress are there, and of a door of another zone they are not", async () => {
    expect(await client.zoneEgressEndpoints("out-west")).toMatchObject({ name: "out-west", exposures: [] });
    expect(await client.zoneIngressEndpoints("in-east")).toMatchObject({
      zone: "east",
      exposures: [],
      problems: ["in-east is of zone east, which knows what it forwards: ask there"],
    });
    await expect(client.zoneEgressEndpoints("none")).rejects.toMatchObject({ status: 404 });
  });
});
