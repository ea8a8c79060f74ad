/** GlobalKdsServer and ZoneKdsClient against each other over real connections. */
import { selfSignedPair } from "@isthmus/grpc-kit";
import {
  builtinTypes,
  DISPLAY_NAME_LABEL,
  defineType,
  flow,
  hashedName,
  json,
  ORIGIN_LABEL,
  openObject,
  Registry,
  ZONE_LABEL,
} from "@isthmus/resources";
import { eventually, freePorts } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { draft, type GlobalRig, LoopbackRig, put, remove, type ZoneRig } from "./testing/loopback-rig.ts";

const rig = new LoopbackRig();
afterEach(() => rig.end());

const CLUSTER_ID = draft("Config", "kuma-cluster-id", { spec: { config: "11111111-2222-3333-4444-555555555555" } });
const MESH = draft("Mesh", "default");
const service = (name: string, port = 80) =>
  draft("MeshService", name, {
    mesh: "default",
    labels: { [ORIGIN_LABEL]: "zone", [DISPLAY_NAME_LABEL]: name },
    spec: { selector: { dataplaneTags: { app: name } }, ports: [{ port, targetPort: port, appProtocol: "tcp" }] },
    status: { tls: {}, dataplaneProxies: {} },
  });
const generator = (name: string) =>
  draft("HostnameGenerator", name, { spec: { selector: { meshService: {} }, template: `{{ .Name }}.${name}` } });

const names = (zone: { readonly store: GlobalRig["store"] }, type: string): readonly string[] =>
  zone.store.list(type).map((row) => row.labels[DISPLAY_NAME_LABEL] ?? row.name);

const has = (
  side: { readonly store: GlobalRig["store"] },
  type: string,
  expected: readonly string[],
): Promise<unknown> =>
  eventually(() => JSON.stringify(names(side, type).toSorted()) === JSON.stringify(expected.toSorted()), {
    what: `${type} = ${expected.join()} (is ${names(side, type).join()})`,
  });

const connected = (zone: ZoneRig): Promise<unknown> =>
  eventually(() => zone.client.isConnected, { what: "connection" });

describe("full sync", () => {
  it("carries what the global owns down, a zone's services up and across, and removals", async () => {
    const global = await rig.global();
    await put(global.store, CLUSTER_ID, MESH, generator("g"));
    const east = await rig.zone("east", global.address);
    const west = await rig.zone("west", global.address);
    for (const zone of [east, west]) {
      await has(zone, "Mesh", ["default"]);
      await has(zone, "Config", ["kuma-cluster-id"]);
      await has(zone, "HostnameGenerator", ["g"]);
    }

    await put(east.store, service("redis"));
    await has(global, "MeshService", ["redis"]);
    await has(west, "MeshService", ["redis"]);
    const across = west.store.list("MeshService")[0];
    expect(across?.labels).toMatchObject({ [ORIGIN_LABEL]: "global", [ZONE_LABEL]: "east" });
    expect(across?.name).toBe(
      hashedName({ name: "redis", mesh: "default", labels: { [DISPLAY_NAME_LABEL]: "redis", [ZONE_LABEL]: "east" } }),
    );
    expect(names(east, "MeshService")).toEqual(["redis"]);

    await remove(east.store, { type: "MeshService", mesh: "default", name: "redis" });
    await remove(global.store, { type: "HostnameGenerator", mesh: "", name: "g" });
    await has(west, "MeshService", []);
    await has(global, "MeshService", []);
    await has(east, "HostnameGenerator", []);
  });

  it("reports peers, states and events on both sides", async () => {
    const global = await rig.global();
    await put(global.store, MESH);
    const east = await rig.zone("east", global.address);
    await has(east, "Mesh", ["default"]);
    await connected(east);
    const [peer] = await eventually(() => global.server.status().filter((status) => status.receiver !== undefined));
    expect(peer).toMatchObject({
      zone: "east",
      isOnline: true,
      peer: {
        isIsthmus: true,
        instanceId: "east-1",
        version: { product: "kumaCp", version: "2.14.3" },
        config: '{"store":{"type":"memory"}}',
      },
    });
    await eventually(() => global.server.status()[0]?.sender?.types.get("Mesh")?.acks === 1);
    await eventually(() => east.client.status()?.sender?.types.size === 31);
    await eventually(() => east.client.status()?.peer.instanceId === "global-1");
    expect(east.client.status()).toMatchObject({ isOnline: true, peer: { isIsthmus: true } });
    expect(east.client.status()?.receiver?.types.size).toBe(45);
    expect(east.client.status()?.receiver?.takesHolds).toBe(true);
    expect(east.client.status()?.sender?.takesIntents).toBe(true);
    expect(global.events.filter((event) => event.kind === "connected")).toHaveLength(1);
    expect(global.events).toContainEqual({ kind: "pinged", zone: "east", at: expect.any(Number) });
    expect(global.events.some((event) => event.kind === "garbage" || event.kind === "defect")).toBe(false);
    const sent = global.events.find((event) => event.kind === "sent" && event.type === "Mesh");
    expect(sent).toMatchObject({ zone: "east", resources: 1, removals: 0 });
  });

  it("syncs a made-up type both ways: one descriptor is all it takes", async () => {
    const gadget = defineType({
      name: "Gadget",
      scope: "Mesh",
      format: json(openObject),
      kds: flow("globalToZones", "zoneToGlobal", "acrossZones"),
      path: "gadgets",
      singular: "gadget",
    });
    const registry = new Registry([...builtinTypes, gadget]);
    const global = await rig.global({ registry });
    const east = await rig.zone("east", global.address, { registry });
    const west = await rig.zone("west", global.address, { registry });
    await put(global.store, draft("Gadget", "from-global", { mesh: "default", spec: { size: 1 } }));
    await put(east.store, draft("Gadget", "from-east", { mesh: "default", spec: { size: 2 } }));
    await has(east, "Gadget", ["from-east", "from-global"]);
    await has(west, "Gadget", ["from-east", "from-global"]);
    await has(global, "Gadget", ["from-east", "from-global"]);
    expect(west.store.list("Gadget").map((row) => row.spec)).toEqual([{ size: 2 }, { size: 1 }]);
  });
});

describe("reconnect", () => {
  it("loses and deletes nothing when the global stops and comes back", async () => {
    const [port = 0] = await freePorts(1);
    const first = await rig.global({ server: { port } });
    await put(first.store, MESH, generator("g"));
    const east = await rig.zone("east", first.address);
    await put(east.store, service("redis"));
    await has(first, "MeshService", ["redis"]);
    await has(east, "HostnameGenerator", ["g"]);

    await first.server.stop();
    await eventually(() => !east.client.isConnected);
    await put(east.store, service("later"));
    await put(first.store, generator("h"));
    await remove(first.store, { type: "HostnameGenerator", mesh: "", name: "g" });
    let deletions = 0;
    east.store.subscribe(({ changes }) => {
      deletions += changes.filter((change) => change.after === undefined).length;
    });
    const second = await rig.global({ store: first.store, server: { port } });
    await has(second, "MeshService", ["redis", "later"]);
    await has(east, "HostnameGenerator", ["h"]);
    expect(deletions).toBe(1);
    const retrying = east.events.filter((event) => event.kind === "retrying");
    expect(retrying[0]).toMatchObject({ reason: expect.stringContaining("UNAVAILABLE: stream unavailable") });
  });

  it("keeps what a global that lost its data no longer has, and tells it so", async () => {
    const [port = 0] = await freePorts(1);
    const first = await rig.global({ server: { port } });
    await put(first.store, CLUSTER_ID, MESH, generator("g"), generator("h"), generator("i"));
    const east = await rig.zone("east", first.address);
    await has(east, "HostnameGenerator", ["g", "h", "i"]);
    await has(east, "Mesh", ["default"]);
    // The source is known once all types have come.
    await eventually(() => east.store.get({ type: "Config", mesh: "", name: "isthmus-sync-source" }));
    await first.server.stop();
    const empty = await rig.global({ server: { port } });
    await eventually(() => empty.server.status()[0]?.sender?.types.get("HostnameGenerator")?.held.length === 1);
    expect(empty.server.status()[0]?.sender?.types.get("HostnameGenerator")?.held).toEqual([
      "east/HostnameGenerator/global",
    ]);
    expect(names(east, "HostnameGenerator")).toEqual(["g", "h", "i"]);
    expect(names(east, "Mesh")).toEqual(["default"]);
    await east.holds.accept("east/HostnameGenerator/global");
    await has(east, "HostnameGenerator", []);
    await eventually(() => empty.server.status()[0]?.sender?.types.get("HostnameGenerator")?.held.length === 0);
    expect(names(east, "Mesh")).toEqual(["default"]);
  });

  it("starts over when the store refuses a batch, saying why", async () => {
    let isBroken = true;
    const global = await rig.global();
    await put(global.store, MESH);
    const east = await rig.zone("east", global.address, {
      failure: ({ type }) => (isBroken && type === "Mesh" ? new Error("disk full") : undefined),
    });
    const retrying = await eventually(() => east.events.find((event) => event.kind === "retrying"));
    expect(retrying).toMatchObject({ reason: "GlobalToZoneSync: INTERNAL: could not store Mesh: disk full" });
    expect(names(east, "Mesh")).toEqual([]);
    isBroken = false;
    await has(east, "Mesh", ["default"]);
  });

  it("ends a zone's upload at once when the global's store refuses it", async () => {
    const global = await rig.global({
      failure: ({ type }) => (type === "MeshService" ? new Error("disk full") : undefined),
    });
    const east = await rig.zone("east", global.address);
    const retrying = await eventually(() => east.events.find((event) => event.kind === "retrying"));
    expect(retrying).toMatchObject({ reason: "ZoneToGlobalSync: INTERNAL: could not store MeshService: disk full" });
  });

  it("says which certificate is not trusted, and connects with the right one", async () => {
    const pair = await selfSignedPair({ names: ["127.0.0.1"], nowMs: Date.now() });
    const other = await selfSignedPair({ names: ["127.0.0.1"], nowMs: Date.now() });
    const tls = { certificate: pair.certificate, privateKey: pair.privateKey };
    const global = await rig.global({ server: { tls } });
    const address = global.address.replace("grpc:", "grpcs:");
    const stranger = await rig.zone("stranger", address, { tls: { ca: other.certificate } });
    const retrying = await eventually(() => stranger.events.find((event) => event.kind === "retrying"));
    expect(retrying).toMatchObject({
      reason: expect.stringMatching(/UNAVAILABLE: .*TLS with 127\.0\.0\.1:\d+ failed: .*self.signed/),
    });
    const east = await rig.zone("east", address, { tls: { ca: pair.certificate } });
    await connected(east);
  });

  it("stops while the global is away", async () => {
    const [port = 0] = await freePorts(1);
    const east = await rig.zone("east", `grpc://127.0.0.1:${port}`, {
      backoff: { baseMs: 60_000, maxMs: 60_000, resetAfterMs: 1, jitterMs: 0 },
    });
    const retrying = await eventually(() => east.events.find((event) => event.kind === "retrying"));
    expect(retrying).toMatchObject({ reason: expect.stringContaining("ECONNREFUSED"), delayMs: 60_000 });
    await east.client.stop();
    expect(east.client.isConnected).toBe(false);
  });
});
