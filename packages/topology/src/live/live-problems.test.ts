import type { Resource } from "@isthmus/resources";
import { beforeEach, describe, expect, it } from "vitest";
import { dataplane, resource, secureMesh } from "../testing/resources.ts";
import { LiveRig } from "./testing/live-rig.ts";
import { backend, GENERATORS, generator, multiZone, remote } from "./testing/live-samples.ts";

let rig: LiveRig;
beforeEach(async () => {
  rig = new LiveRig();
  await rig.start(secureMesh(), ...GENERATORS);
});

describe("a host name in place of an address", () => {
  const ingress = (host: string): Resource =>
    resource("ZoneIngress", "door", {
      mesh: "",
      spec: { zone: "east", networking: { address: "10.0.0.9", port: 1, advertisedAddress: host, advertisedPort: 1 } },
    });
  const resolved = (): string | undefined => rig.topology.world().resolvedAddress("lb.example");

  it("is looked up, and again as long as something has it", async () => {
    rig.dns.set("lb.example", ["192.0.2.9", "192.0.2.1"]);
    await rig.put(ingress("lb.example"));
    expect(resolved()).toBe("192.0.2.1");
    rig.dns.set("lb.example", ["192.0.2.7"]);
    await rig.pass(10_000);
    expect(resolved()).toBe("192.0.2.7");
    rig.dns.delete("lb.example");
    await rig.pass(10_000);
    expect(resolved()).toBe("192.0.2.7");
    await rig.put(ingress("192.0.2.3"));
    expect(resolved()).toBeUndefined();
    await rig.pass(10_000);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it("is reported while nobody knows it", async () => {
    await rig.put(ingress("lb.example"));
    expect(rig.problems()).toEqual(["unresolvedHost settings"]);
    rig.dns.set("lb.example", ["192.0.2.1"]);
    await rig.pass(10_000);
    await rig.settled();
    expect(rig.problems()).toEqual([]);
  });
});

describe("what is wrong", () => {
  it("is reported while it lasts", async () => {
    await rig.put(backend("a"), backend("bb", 9090));
    expect(rig.problems()).toEqual(["portsConflict backend"]);
    await rig.put(
      generator("twice", "meshService", "global", "backend.svc.mesh.local"),
      generator("broken", "meshService", "global", '{{ label "nope" }}'),
      remote("east", "backend"),
      remote("north", "backend"),
    );
    expect(rig.problems()).toEqual([
      "portsConflict backend",
      "hostnameCollision backend-east",
      "hostnameTemplate backend-east",
      "hostnameCollision backend-north",
      "hostnameTemplate backend-north",
    ]);
    await rig.delete(backend("bb"), remote("east", "backend"), remote("north", "backend"));
    expect(rig.problems()).toEqual([]);
    const states = rig.events.flatMap((event) => (event.kind === "problem" ? [event.state] : []));
    expect(states.filter((state) => state === "appeared")).toHaveLength(5);
    expect(states.filter((state) => state === "gone")).toHaveLength(5);
  });

  it("with ranges is reported at once, and on services without an address", async () => {
    const small = new LiveRig({
      vipRanges: { MeshService: "241.0.0.0/31", MeshExternalService: "241.0.0.0/30", MeshMultiZoneService: "nonsense" },
    });
    await small.start(secureMesh());
    expect([...small.problems()].sort()).toEqual([
      "invalidRange settings",
      "overlappingRanges settings",
      "tinyRange settings",
      "tinyRange settings",
    ]);
    await small.put(remote("a", "x"), remote("b", "x"), remote("c", "x"), multiZone("shop", "x"));
    const left = small.store.list("MeshService").filter(({ status }) => status?.vips === undefined);
    expect(left).toHaveLength(1);
    expect(left[0]?.status?.conditions).toMatchObject([
      { type: "VIPAllocated", status: "False", reason: "RangeExhausted" },
    ]);
    expect(small.status("MeshMultiZoneService", "shop").conditions).toMatchObject([
      { type: "MeshServicesMatched" },
      { type: "VIPAllocated", status: "False", reason: "NoRange" },
    ]);
    const other = small.store.list("MeshService").find(({ status }) => status?.vips !== undefined);
    if (other !== undefined) await small.delete(other);
    for (const { status } of small.store.list("MeshService")) {
      expect(status?.vips).toHaveLength(1);
      expect(status?.conditions).toBeUndefined();
    }
  });

  it("with a Dataplane of an unknown mesh is reported, and nothing is made of it", async () => {
    const lost = { ...backend("a"), mesh: "nowhere" };
    await rig.store.commit([{ kind: "put", resource: lost }]);
    await rig.settled();
    expect(rig.problems()).toEqual(["unknownMesh a"]);
    expect(rig.names("MeshService")).toEqual([]);
    await rig.put(secureMesh("nowhere"));
    expect(rig.problems()).toEqual([]);
    expect(rig.get("MeshService", "backend", "nowhere")?.spec.state).toBe("Available");
  });

  it("with parts of resources is reported, and the rest is used", async () => {
    const odd = dataplane("a", [
      { port: 0, service: "backend" },
      { port: 80, service: "backend" },
    ]);
    await rig.put(odd);
    expect(rig.problems()).toEqual(["malformed a"]);
    expect(rig.service("backend").spec.ports).toMatchObject([{ port: 80 }]);
  });

  it("with addresses of zones is reported", async () => {
    const ingress = (name: string, zone: string): Resource =>
      resource("ZoneIngress", name, {
        mesh: "",
        spec: { zone, networking: { address: "10.0.0.9", port: 1, advertisedAddress: "1.2.3.4", advertisedPort: 1 } },
      });
    await rig.put(ingress("a", "east"), ingress("b", "north"), ingress("c", "north"));
    expect(rig.problems()).toEqual(["sharedIngressAddress a"]);
    await rig.delete(ingress("a", "east"));
    expect(rig.problems()).toEqual([]);
  });
});
