/** kds-wire "Hash suffix" and "Mappers". */
import { generateKeyPairSync } from "node:crypto";
import type { Labels } from "@isthmus/resources";
import { describe, expect, it } from "vitest";
import { descriptorOf, makeResource, registry } from "../testing/make-resource.ts";
import { isSameOnWire, type MappingRules, mapMeta, mapSpec, mapStatus } from "./mapper.ts";

const TOWARDS_ZONES: MappingRules = { role: { kind: "global" }, skipLabelPrefixes: [], isHashed: true };
const TOWARDS_OLD_ZONES: MappingRules = { ...TOWARDS_ZONES, isHashed: false };
const FROM_EAST: MappingRules = { role: { kind: "zone", zone: "east" }, skipLabelPrefixes: [], isHashed: true };

function meta(type: string, given: Parameters<typeof makeResource>[1], rules: MappingRules) {
  return mapMeta(descriptorOf(type), makeResource(type, given), rules);
}

describe("names", () => {
  it.each<[string, string, string, Labels, string]>([
    ["MeshTimeout", "default", "to-60s", {}, "to-60s-dxfbxfvvcbdwzxxz"],
    ["HostnameGenerator", "", "foo", {}, "foo-zxw6c95d42zfz9cc"],
    [
      "ZoneIngress",
      "",
      "foo",
      { "kuma.io/zone": "zone-1", "k8s.kuma.io/namespace": "custom-ns" },
      "foo-696vzv497z4cv4f4",
    ],
    ["MeshService", "default", "redis", { "kuma.io/zone": "zone-1" }, "redis-c9d954w84b8wf77z"],
  ])("%s %s/%s towards zones", (type, mesh, name, labels, expected) => {
    expect(meta(type, { mesh, name, labels }, TOWARDS_ZONES).name).toBe(expected);
    expect(meta(type, { mesh, name, labels }, TOWARDS_OLD_ZONES).name).toBe(name);
  });

  it("towards zones are plain for Mesh, Config, Secret and GlobalSecret alone", () => {
    const plain = registry
      .towardsZones()
      .filter(({ name }) => meta(name, { name: "a" }, TOWARDS_ZONES).name === "a")
      .map(({ name }) => name);
    expect(plain).toEqual(["Config", "GlobalSecret", "Mesh", "Secret"]);
  });

  it("towards the global are hashed for every type", () => {
    for (const { name } of registry.towardsGlobal()) {
      expect(meta(name, { name: "a" }, FROM_EAST).name).toMatch(/^a-[a-z0-9]{16}$/);
    }
  });

  it("are the same on the second hop", () => {
    const onGlobal = meta("MeshService", { name: "redis" }, FROM_EAST);
    const onWest = meta("MeshService", { ...onGlobal }, TOWARDS_ZONES);
    expect(onWest.name).toBe(onGlobal.name);
    expect(onWest.labels["kuma.io/display-name"]).toBe("redis");
  });

  it("that are lost are kept as display name, unless there is one", () => {
    expect(meta("MeshTimeout", { name: "x" }, TOWARDS_ZONES).labels).toMatchObject({ "kuma.io/display-name": "x" });
    const labels = { "kuma.io/display-name": "shown" };
    expect(meta("MeshTimeout", { name: "x", labels }, TOWARDS_ZONES)).toMatchObject({
      name: expect.stringMatching(/^shown-/) as string,
      labels,
    });
    expect(meta("Mesh", { name: "x" }, TOWARDS_ZONES).labels).toEqual({ "kuma.io/origin": "global" });
  });

  it("are cut to 253 bytes, suffix included", () => {
    const { name } = meta("MeshTimeout", { name: "x".repeat(253) }, TOWARDS_ZONES);
    expect(name).toHaveLength(253);
    expect(name).toMatch(/^x{236}-/);
  });
});

describe("labels", () => {
  it("towards zones say global, whatever was there; the zone label stays", () => {
    const labels = { "kuma.io/origin": "zone", "kuma.io/zone": "west", "kuma.io/env": "universal", team: "a" };
    expect(meta("Mesh", { labels }, TOWARDS_ZONES).labels).toEqual({ ...labels, "kuma.io/origin": "global" });
  });

  it("towards the global say this zone, and leave out the deletion grace period", () => {
    const labels = {
      "kuma.io/zone": "forged",
      "kuma.io/deletion-grace-period-started-at": "2026-01-01T00:00:00Z",
      "kuma.io/display-name": "a",
      team: "a",
    };
    expect(meta("MeshService", { labels }, FROM_EAST).labels).toEqual({
      "kuma.io/origin": "zone",
      "kuma.io/zone": "east",
      "kuma.io/display-name": "a",
      team: "a",
    });
  });

  it("with a skipped prefix stay at home, in both directions", () => {
    const labels = { "gitops.example/revision": "7", "gitops.example": "kept", team: "a" };
    for (const rules of [TOWARDS_ZONES, FROM_EAST]) {
      const mapped = meta("Mesh", { labels }, { ...rules, skipLabelPrefixes: ["gitops.example/"] }).labels;
      expect(mapped).toMatchObject({ "gitops.example": "kept", team: "a" });
      expect(mapped).not.toHaveProperty(["gitops.example/revision"]);
    }
  });

  it("of the stored resource are not touched", () => {
    const labels = Object.freeze({ team: "a" });
    meta("MeshTimeout", { labels }, TOWARDS_ZONES);
    expect(labels).toEqual({ team: "a" });
  });
});

describe("status", () => {
  const given = { status: { vip: { ip: "240.0.0.1" } } };
  const mapped = (type: string, rules: MappingRules, resource = given) =>
    mapStatus(descriptorOf(type), makeResource(type, resource), rules);

  it("travels upwards and is emptied downwards", () => {
    expect(mapped("MeshExternalService", FROM_EAST)).toEqual(given.status);
    expect(mapped("MeshExternalService", TOWARDS_ZONES)).toEqual({ vip: {} });
    expect(mapped("MeshService", TOWARDS_ZONES)).toEqual({ tls: {}, dataplaneProxies: {} });
    expect(mapped("MeshTrust", TOWARDS_ZONES)).toEqual({});
  });

  it("is absent for types that have none", () => {
    expect(mapped("MeshTimeout", FROM_EAST)).toBeUndefined();
    expect(mapped("MeshTimeout", TOWARDS_ZONES)).toBeUndefined();
  });

  it("is empty when nothing was computed yet", () => {
    expect(mapStatus(descriptorOf("MeshService"), makeResource("MeshService"), FROM_EAST)).toEqual({
      tls: {},
      dataplaneProxies: {},
    });
  });

  it("alone is no change for a zone, but one for the global", () => {
    const before = makeResource("MeshService", { status: { vips: [] } });
    const after = makeResource("MeshService", { status: { vips: [{ ip: "240.0.0.1" }] }, version: 2 });
    expect(isSameOnWire(descriptorOf("MeshService"), before, after, TOWARDS_ZONES)).toBe(true);
    expect(isSameOnWire(descriptorOf("MeshService"), before, after, FROM_EAST)).toBe(false);
  });
});

describe("what a peer sees as a change", () => {
  const before = makeResource("MeshTimeout", { labels: { team: "a" }, spec: { targetRef: { kind: "Mesh" } } });
  it.each<[string, Parameters<typeof makeResource>[1], boolean]>([
    ["times and version", { modificationTime: "2027-01-01T00:00:00Z", version: 9 }, true],
    ["the spec", { spec: { targetRef: { kind: "Dataplane" } } }, false],
    ["a label", { labels: { team: "b" } }, false],
    ["a label that KDS sets itself", { labels: { team: "a", "kuma.io/origin": "global" } }, true],
    ["bytes of a newer peer", { opaqueSpec: new Uint8Array([1]) }, false],
  ])("%s: same %s", (_, change, isSame) => {
    const after = { ...before, ...change };
    expect(isSameOnWire(descriptorOf("MeshTimeout"), before, after, TOWARDS_ZONES)).toBe(isSame);
  });
});

describe("insights", () => {
  const spec = { subscriptions: [{ id: "1", generation: 7, status: {} }, { id: "2" }] };

  it.each(["DataplaneInsight", "ZoneIngressInsight", "ZoneEgressInsight"])(
    "%s goes up without generations, so that a flush is no change",
    (type) => {
      const descriptor = descriptorOf(type);
      const before = makeResource(type, { spec });
      expect(mapSpec(descriptor, before, FROM_EAST)).toEqual({
        subscriptions: [{ id: "1", status: {} }, { id: "2" }],
      });
      const after = makeResource(type, {
        spec: { subscriptions: [{ id: "1", generation: 8, status: {} }, { id: "2" }] },
      });
      expect(isSameOnWire(descriptor, before, after, FROM_EAST)).toBe(true);
      expect(spec.subscriptions[0]).toHaveProperty("generation", 7);
    },
  );
});

describe("zone token signing keys", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 1024,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const secret = (data: string, name = "zone-token-signing-key-1") =>
    makeResource("GlobalSecret", { name, spec: { data: Buffer.from(data).toString("base64") } });
  const descriptor = descriptorOf("GlobalSecret");

  it("leave the global as public keys, under another name", () => {
    expect(mapMeta(descriptor, secret(privateKey), TOWARDS_ZONES)).toEqual({
      name: "zone-token-signing-public-key-1",
      mesh: "",
      labels: { "kuma.io/origin": "global", "kuma.io/display-name": "zone-token-signing-key-1" },
    });
    const { data } = mapSpec(descriptor, secret(privateKey), TOWARDS_ZONES);
    const text = Buffer.from(data as string, "base64").toString();
    expect(text).toBe(publicKey);
    expect(text).toMatch(/^-----BEGIN RSA PUBLIC KEY-----/);
  });

  it("have every occurrence of the prefix replaced", () => {
    const name = "zone-token-signing-key-of-zone-token-signing-key";
    expect(mapMeta(descriptor, secret("", name), TOWARDS_ZONES).name).toBe(
      "zone-token-signing-public-key-of-zone-token-signing-public-key",
    );
  });

  it.each(["", "garbage", "-----BEGIN RSA PRIVATE KEY-----\ngarbage\n-----END RSA PRIVATE KEY-----"])(
    "that do not parse cannot be mapped, and their bytes are not in the message (%#)",
    (data) => {
      const attempt = () => mapSpec(descriptor, secret(data), TOWARDS_ZONES);
      expect(attempt).toThrow(/RSA/i);
      expect(attempt).not.toThrow(/garbage/);
    },
  );

  it("other secrets travel as they are", () => {
    const resource = secret("anything", "my-zone-token-signing-key");
    expect(mapSpec(descriptor, resource, TOWARDS_ZONES)).toBe(resource.spec);
    expect(mapMeta(descriptor, resource, TOWARDS_ZONES).name).toBe("my-zone-token-signing-key");
  });
});
