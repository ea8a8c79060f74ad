import { StoreError } from "@isthmus/store";
import { describe, expect, it } from "vitest";
import { key, mesh, rig } from "./testing/rig.ts";

const timeout = (name: string, labels: Record<string, string> = {}) => ({
  ...key("MeshTimeout", "default", name),
  labels,
  spec: { targetRef: { kind: "Mesh" }, to: [{ targetRef: { kind: "Mesh" }, default: { connectionTimeout: "7s" } }] },
});
const dataplane = (tags: Record<string, string>) => ({
  ...key("Dataplane", "default", "dp-1"),
  spec: { networking: { address: "10.0.0.1", inbound: [{ port: 80, tags }] } },
});
const invalid = (step: string, ...violations: [string, string][]) => ({
  ok: false,
  error: { kind: "invalid", step, violations: violations.map(([field, reason]) => ({ field, reason })) },
});
const ZONE = { mode: "zone", zoneName: "east", isFederated: true } as const;

describe("put", () => {
  it("creates, then updates, with computed labels and the mesh as owner", async () => {
    const { put, get } = rig();
    await put(mesh("default"));
    expect(await put(timeout("t"))).toMatchObject({ ok: true, value: { created: true, warnings: [] } });
    expect(await put(timeout("t", { a: "b" }))).toMatchObject({ ok: true, value: { created: false } });
    expect(get("MeshTimeout", "default", "t")).toMatchObject({
      labels: { a: "b", "kuma.io/mesh": "default" },
      owner: key("Mesh", "", "default"),
    });
  });

  it("reports all that is wrong with a request at once, in Kuma's order", async () => {
    const { manager, put, store } = rig();
    await put(mesh("default"));
    const descriptor =
      manager && (await import("@isthmus/resources")).builtinTypes.find((t) => t.name === "MeshTimeout");
    if (descriptor === undefined) throw new Error("no MeshTimeout");
    const body = {
      ...timeout("Other", { "kuma.io/origin": "moon", "bad key": "x" }),
      type: "MeshRetry",
      mesh: "second",
    };
    const result = await manager.put(descriptor, key("MeshTimeout", "default", "t"), body);
    expect(result).toMatchObject({ ok: false, error: { kind: "invalid", step: "process" } });
    const fields =
      !result.ok && result.error.kind === "invalid" ? result.error.violations.map(({ field }) => field) : [];
    expect(fields).toEqual([
      "name",
      "type",
      "mesh",
      'labels["kuma.io/origin"]',
      'labels["kuma.io/origin"]',
      'labels["bad key"]',
      "name",
    ]);
    expect(store.list("MeshTimeout").some(({ name }) => name === "t")).toBe(false);
  });

  it("ignores the status of a client and keeps the stored one", async () => {
    const { put, get, store } = rig();
    await put(mesh("default"));
    const service = {
      ...key("MeshMultiZoneService", "default", "s"),
      spec: { selector: { meshService: { matchLabels: { a: "b" } } }, ports: [{ port: 80, appProtocol: "tcp" }] },
    };
    await put({ ...service, status: { addresses: [{ hostname: "forged" }] } });
    const created = get("MeshMultiZoneService", "default", "s");
    expect(created?.status).not.toHaveProperty("addresses");
    if (created === undefined) throw new Error("not created");
    await store.commit([{ kind: "put", resource: { ...created, status: { vips: [{ ip: "240.0.0.1" }] } } }]);
    await put({ ...service, labels: { a: "b" }, status: {} });
    expect(get("MeshMultiZoneService", "default", "s")?.status).toEqual({ vips: [{ ip: "240.0.0.1" }] });
  });

  it("lets labels that say where a resource comes from be added, not changed or removed", async () => {
    const { put } = rig();
    await put(mesh("default"));
    await put(timeout("t"));
    expect(await put(timeout("t", { "kuma.io/display-name": "other" }))).toMatchObject({ ok: true });
    expect(await put(timeout("t", { "kuma.io/display-name": "third" }))).toEqual(
      invalid("update-labels", [
        'labels["kuma.io/display-name"]',
        'is immutable, cannot be changed from "other" to "third"',
      ]),
    );
    expect(await put(timeout("t"))).toEqual(
      invalid("update-labels", ['labels["kuma.io/display-name"]', 'is immutable, cannot be removed (was "other")']),
    );
  });

  it("refuses what belongs elsewhere: by type, by mesh, by origin", async () => {
    const global = rig();
    await global.put(mesh("default"));
    expect(await global.put(dataplane({ "kuma.io/service": "web" }))).toEqual({
      ok: false,
      error: { kind: "read-only" },
    });
    expect(await global.put({ ...timeout("t"), mesh: "none" })).toEqual({ ok: false, error: { kind: "no-such-mesh" } });
    const zone = rig(ZONE);
    await zone.store.commit([{ kind: "put", resource: { ...mesh("default"), labels: {} } }]);
    expect(await zone.put(mesh("default"))).toEqual({ ok: false, error: { kind: "read-only" } });
    expect(await zone.put(timeout("t"))).toEqual(
      invalid("process", ['labels["kuma.io/origin"]', "the origin label must be set to 'zone'"]),
    );
    expect(await zone.put(timeout("t", { "kuma.io/origin": "zone" }))).toMatchObject({ ok: true });
    expect(zone.get("MeshTimeout", "default", "t")?.labels).toEqual({
      "kuma.io/env": "universal",
      "kuma.io/mesh": "default",
      "kuma.io/origin": "zone",
      "kuma.io/zone": "east",
    });
  });

  it("throws what only a broken store does", async () => {
    const { put, store } = rig();
    store.commit = () => Promise.reject(new StoreError("IO", "disk is full"));
    await expect(put(mesh("default"))).rejects.toThrow("disk is full");
  });
});

describe("delete", () => {
  it("deletes with all that is owned", async () => {
    const { put, delete: remove, store } = rig();
    await put(mesh("second", { skipCreatingInitialPolicies: ["*"] }));
    await put({ ...timeout("t"), mesh: "second" });
    expect(await remove(key("Mesh", "", "second"))).toEqual({ ok: true, value: undefined });
    expect(store.list("MeshTimeout")).toEqual([]);
    expect(store.list("Secret")).toEqual([]);
    expect(await remove(key("Mesh", "", "second"))).toEqual({
      ok: false,
      error: { kind: "not-found", step: "delete" },
    });
  });

  it("leaves alone what the other side owns", async () => {
    const foreign = { ...timeout("t", { "kuma.io/origin": "global" }) };
    const zone = rig(ZONE);
    await zone.store.commit([
      { kind: "put", resource: { ...mesh("default"), labels: {} } },
      { kind: "put", resource: foreign },
    ]);
    expect(await zone.delete(foreign)).toEqual(
      invalid("delete", ['["kuma.io/origin"]', "the origin label must be set to 'zone'"]),
    );
    const lenient = rig({ ...ZONE, store: zone.store, disableOriginLabelValidation: true });
    expect(await lenient.delete(foreign)).toMatchObject({ ok: true });
  });
});

describe("a Mesh", () => {
  it("comes with key, CAs and policies in one commit", async () => {
    const { put, store, keys, get } = rig();
    const revision = store.revision;
    const backend = { name: "ca-1", type: "builtin", conf: { caCert: { RSAbits: 4096, expiration: "30d" } } };
    expect(await put(mesh("m", { mtls: { enabledBackend: "ca-1", backends: [backend] } }))).toMatchObject({ ok: true });
    expect(store.revision).toBe(revision + 1);
    expect(store.list("Secret", { mesh: "m" }).map(({ name }) => name)).toEqual([
      "dataplane-token-signing-key-m-1",
      "m.ca-builtin-cert-ca-1",
      "m.ca-builtin-key-ca-1",
    ]);
    expect(keys.caRequests).toEqual([
      { commonName: "m", trustDomain: "m", validityMs: 30 * 86_400_000, key: { kind: "rsa", bits: 4096 } },
    ]);
    const policies = ["MeshTimeout", "MeshCircuitBreaker", "MeshRetry"].flatMap((type) => store.list(type));
    expect(policies.map(({ name }) => name)).toEqual([
      "mesh-gateways-timeout-all-m",
      "mesh-timeout-all-m",
      "mesh-circuit-breaker-all-m",
      "mesh-retry-all-m",
    ]);
    for (const policy of policies)
      expect(policy).toMatchObject({ labels: { "kuma.io/mesh": "m" }, owner: key("Mesh", "", "m") });
    expect(get("Secret", "m", "m.ca-builtin-cert-ca-1")?.spec).toEqual({ data: btoa("cert of m\n") });
  });

  it("skips the policies that it says", async () => {
    const { put, store } = rig();
    await put(mesh("m", { skipCreatingInitialPolicies: ["MeshRetry"] }));
    expect(store.count("MeshRetry")).toBe(0);
    expect(store.count("MeshTimeout")).toBe(2);
  });

  it("gets the CA of a backend that is added, keeps the one it has, and cannot change a CA in use", async () => {
    const { put, keys, get } = rig();
    const backends = [{ name: "a", type: "builtin" }];
    await put(mesh("m"));
    await put(mesh("m", { mtls: { backends } }));
    const before = get("Secret", "m", "m.ca-builtin-key-a");
    await put(mesh("m", { mtls: { enabledBackend: "a", backends } }));
    expect(keys.caRequests).toHaveLength(1);
    expect(get("Secret", "m", "m.ca-builtin-key-a")).toEqual(before);
    expect(await put(mesh("m", { mtls: { enabledBackend: "b", backends: [{ name: "b", type: "builtin" }] } }))).toEqual(
      invalid("update", [
        "mtls.enabledBackend",
        "Changing CA when mTLS is enabled is forbidden. Disable mTLS first and then change the CA",
      ]),
    );
  });

  it("is refused with a name that is too long or a CA that cannot be", async () => {
    const { put } = rig();
    const backends = [{ name: "a", type: "vault" }];
    expect(await put(mesh("m".repeat(64), { mtls: { backends } }))).toEqual(
      invalid(
        "create",
        ["name", "cannot be longer than 63 characters"],
        ["mtls.backends[0].type", "could not find installed plugin for this type"],
      ),
    );
    const provided = { name: "p", type: "provided", conf: { cert: { secret: "none" } } };
    expect(await put(mesh("m", { mtls: { backends: [provided] } }))).toEqual(
      invalid("create", ["mtls.backends[0].conf.key", "has to be defined"]),
    );
  });

  it("is not deleted with Dataplanes in it, unless told to", async () => {
    const { store, delete: remove, put } = rig();
    await put(mesh("default"));
    await store.commit([{ kind: "put", resource: { ...dataplane({}), labels: {} } }]);
    expect(await remove(key("Mesh", "", "default"))).toEqual(
      invalid("delete", ["mesh", "unable to delete mesh, there are still some dataplanes attached"]),
    );
    const unsafe = rig({ store, unsafeDelete: true });
    expect(await unsafe.delete(key("Mesh", "", "default"))).toMatchObject({ ok: true });
    expect(store.count("Dataplane")).toBe(1);
  });
});

describe("a Zone", () => {
  it("is not deleted while it is connected, unless told to", async () => {
    const isZoneOnline = (zone: string): boolean => zone === "east";
    const { put, delete: remove, store } = rig({ isZoneOnline });
    for (const name of ["east", "west"]) await put(key("Zone", "", name));
    expect(await remove(key("Zone", "", "west"))).toMatchObject({ ok: true });
    expect(await remove(key("Zone", "", "east"))).toEqual(
      invalid("delete", ["zone", "unable to delete Zone, Zone CP is still connected, please shut it down first"]),
    );
    expect(await rig({ isZoneOnline, store, unsafeDelete: true }).delete(key("Zone", "", "east"))).toMatchObject({
      ok: true,
    });
  });
});

describe("a Secret", () => {
  it("outlives its mesh and is not deleted while a CA backend uses it", async () => {
    const { put, delete: remove, get } = rig();
    await put(mesh("m", { mtls: { backends: [{ name: "ca", type: "builtin" }] } }));
    await put({ ...key("Secret", "m", "mine"), spec: { data: "AA==" } });
    expect(await remove(key("Secret", "m", "m.ca-builtin-key-ca"))).toMatchObject({
      ok: false,
      error: {
        violations: [{ field: "name", reason: expect.stringContaining('in use in Mesh "m" in mTLS backend "ca"') }],
      },
    });
    await remove(key("Mesh", "", "m"));
    expect(get("Secret", "m", "mine")).toBeDefined();
    expect(get("Secret", "m", "m.ca-builtin-key-ca")).toBeUndefined();
  });
});

describe("a Dataplane", () => {
  const zoneWith = async (spec: object) => {
    const made = rig({ mode: "zone", zoneName: "east", isFederated: false });
    await made.put(mesh("default", { skipCreatingInitialPolicies: ["*"], ...spec }));
    return made;
  };

  it("gets the tag of its zone, has no owner and is not ready before it is probed", async () => {
    const { put, get } = await zoneWith({});
    const spec = {
      networking: {
        address: "10.0.0.1",
        inbound: [{ port: 80, tags: { "kuma.io/service": "web" }, serviceProbe: { tcp: {} } }],
      },
    };
    expect(await put({ ...key("Dataplane", "default", "dp-1"), spec })).toMatchObject({ ok: true });
    const stored = get("Dataplane", "default", "dp-1");
    expect(stored?.owner).toBeUndefined();
    expect(stored?.labels).toMatchObject({ "kuma.io/proxy-type": "sidecar", "kuma.io/zone": "east" });
    expect(stored?.spec["networking"]).toMatchObject({
      inbound: [{ tags: { "kuma.io/service": "web", "kuma.io/zone": "east" }, state: "NotReady", health: {} }],
    });
  });

  it("is kept out by the constraints of its mesh", async () => {
    const { put } = await zoneWith({
      constraints: {
        dataplaneProxy: {
          requirements: [{ tags: { team: "*" } }],
          restrictions: [{ tags: { "kuma.io/service": "evil" } }],
        },
      },
    });
    expect(await put(dataplane({ "kuma.io/service": "web", team: "a" }))).toMatchObject({ ok: true });
    expect(await put(dataplane({ "kuma.io/service": "web" }))).toMatchObject({
      error: { kind: "not-a-member", detail: expect.stringContaining("does not fulfill any requirements") },
    });
    expect(await put(dataplane({ "kuma.io/service": "evil", team: "a" }))).toMatchObject({
      error: { kind: "not-a-member", detail: expect.stringContaining("matches restricted tags") },
    });
  });

  it("needs a workload label that can be a name", async () => {
    const { put } = await zoneWith({});
    expect(
      await put({ ...dataplane({ "kuma.io/service": "web" }), labels: { "kuma.io/workload": "1x" } }),
    ).toMatchObject({
      error: {
        kind: "bad-request",
        detail: expect.stringMatching(/^bad request: labels\["kuma.io\/workload"\]: must be/),
      },
    });
  });
});

it("sets the zone of a zone's ingress", async () => {
  const { put, get } = rig(ZONE);
  const spec = { zone: "west", networking: { address: "10.0.0.3", port: 10001 } };
  expect(await put({ ...key("ZoneIngress", "", "zi"), spec })).toMatchObject({ ok: true });
  expect(get("ZoneIngress", "", "zi")?.spec["zone"]).toBe("east");
});
