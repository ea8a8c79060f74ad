import { secretBytes } from "@isthmus/identity";
import { systemClock } from "@isthmus/std";
import { createMemoryStore, type Store } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import { describe, expect, it } from "vitest";
import { nodeKeyMaker } from "../keys/key-maker.ts";
import { key, rig } from "../testing/rig.ts";

const names = (store: Store, type: string): string[] => store.list(type).map(({ name }) => name);
const DEFAULT_POLICIES = ["mesh-gateways-timeout-all-default", "mesh-timeout-all-default"];

it("gives a global its mesh, id and host names in one commit, and keys in another", async () => {
  const { manager, store } = rig();
  const { created, deleted } = await manager.ensureDefaults();
  expect(store.revision).toBe(1);
  expect(await manager.ensureSigningKeys()).toEqual([
    key("GlobalSecret", "", "zone-token-signing-key-1"),
    key("Secret", "default", "dataplane-token-signing-key-default-1"),
  ]);
  expect(store.revision).toBe(2);
  expect(deleted).toEqual([]);
  expect(names(store, "Mesh")).toEqual(["default"]);
  expect(names(store, "MeshTimeout")).toEqual(DEFAULT_POLICIES);
  expect(names(store, "Secret")).toEqual(["dataplane-token-signing-key-default-1"]);
  expect(names(store, "GlobalSecret")).toEqual(["zone-token-signing-key-1"]);
  expect(store.list("Config")[0]).toMatchObject({
    name: "kuma-cluster-id",
    spec: { config: "9f1c3c1e-0000-4000-8000-000000000000" },
  });
  expect(names(store, "HostnameGenerator")).toEqual([
    "synced-headless-kube-mesh-service",
    "synced-kube-mesh-service",
    "synced-mesh-external-service",
    "synced-mesh-multi-zone-service",
    "synced-universal-mesh-service",
  ]);
  expect(created).toHaveLength(11);
});

it("changes nothing the second time, and makes no key in vain", async () => {
  const first = rig();
  await first.manager.ensureDefaults();
  await first.manager.ensureSigningKeys();
  const changed = { ...key("HostnameGenerator", "", "synced-mesh-external-service"), labels: {}, spec: { mine: true } };
  await first.store.commit([
    { kind: "put", resource: changed },
    { kind: "delete", key: key("MeshRetry", "default", "mesh-retry-all-default") },
  ]);
  const { revision } = first.store;
  const second = rig({ store: first.store });
  expect(await second.manager.ensureDefaults()).toEqual({ created: [], deleted: [] });
  expect(await second.manager.ensureSigningKeys()).toEqual([]);
  expect(first.store.revision).toBe(revision);
  expect(await second.keys.signingKey()).toBe("key 1");
});

it("gives a federated zone only what is its own, and forgets other zones", async () => {
  const { manager, store, keys } = rig({ mode: "zone", zoneName: "east", isFederated: true });
  await store.commit([{ kind: "put", resource: { ...key("Zone", "", "old-name"), labels: {}, spec: {} } }]);
  const { deleted } = await manager.ensureDefaults();
  expect(deleted).toEqual([key("Zone", "", "old-name")]);
  expect(await manager.ensureSigningKeys()).toEqual([]);
  expect(names(store, "Zone")).toEqual(["east"]);
  expect(names(store, "GlobalSecret")).toEqual(["envoy-admin-ca"]);
  expect(keys.caRequests).toHaveLength(1);
  expect([store.count("Mesh"), store.count("Secret"), store.count("Config")]).toEqual([0, 0, 0]);
  const generators = store.list("HostnameGenerator");
  expect(generators.map(({ name, labels }) => [name, labels])).toEqual([
    ["local-mesh-external-service", { "kuma.io/origin": "zone" }],
    ["local-universal-mesh-service", { "kuma.io/origin": "zone" }],
  ]);
});

it("gives a zone of its own both", async () => {
  const { manager, store } = rig({ mode: "zone", zoneName: "default", isFederated: false });
  await manager.ensureDefaults();
  await manager.ensureSigningKeys();
  expect(names(store, "Mesh")).toEqual(["default"]);
  expect(names(store, "GlobalSecret")).toEqual(["envoy-admin-ca", "zone-token-signing-key-1"]);
  expect(store.count("Secret")).toBe(1);
  expect(store.count("Config")).toBe(1);
  expect(names(store, "HostnameGenerator")).toEqual(["local-mesh-external-service", "local-universal-mesh-service"]);
  expect(store.list("MeshTimeout")[0]?.labels).toEqual({
    "kuma.io/env": "universal",
    "kuma.io/mesh": "default",
    "kuma.io/origin": "zone",
    "kuma.io/zone": "default",
  });
});

it("leaves out what the settings say", async () => {
  const { manager, store } = rig();
  const options = { skipMeshCreation: true, skipHostnameGenerators: true };
  await manager.ensureDefaults(options);
  await manager.ensureSigningKeys(options);
  expect([store.count("Mesh"), store.count("HostnameGenerator"), store.count("GlobalSecret")]).toEqual([0, 0, 1]);
});

it("adds missing labels to default policies of older versions, and nothing else", async () => {
  const { manager, store } = rig();
  await manager.ensureDefaults();
  const policy = store.get(key("MeshTimeout", "default", "mesh-timeout-all-default"));
  if (policy === undefined) throw new Error("no default policy");
  await store.commit([{ kind: "put", resource: { ...policy, labels: { mine: "yes" }, spec: { to: [] } } }]);
  await manager.ensureDefaults();
  expect(store.get(policy)).toMatchObject({ labels: { mine: "yes", "kuma.io/mesh": "default" }, spec: { to: [] } });
});

it("plans anew when another instance was faster", async () => {
  const store = createMemoryStore({ clock: new FakeClock() });
  const [a, b] = [rig({ store }), rig({ store })];
  const [first, second] = await Promise.all([a.manager.ensureDefaults(), b.manager.ensureDefaults()]);
  expect(first.created.length + second.created.length).toBe(11);
  const keys = await Promise.all([a.manager.ensureSigningKeys(), b.manager.ensureSigningKeys()]);
  expect(keys.flat()).toHaveLength(2);
});

it("a mesh that is deleted, or a key that is put, while keys are made has what its user wants", async () => {
  const { manager, store } = rig();
  await manager.ensureDefaults();
  const making = manager.ensureSigningKeys();
  const own = { ...key("GlobalSecret", "", "zone-token-signing-key-1"), labels: {}, spec: { data: "bWluZQ==" } };
  await store.commit([
    { kind: "put", resource: own },
    { kind: "delete", key: key("Mesh", "", "default") },
  ]);
  expect(await making).toEqual([]);
  expect(store.get(own)).toMatchObject({ spec: own.spec });
  expect([store.count("Mesh"), store.count("Secret")]).toEqual([0, 0]);
});

describe("tokens of users", () => {
  const secret = (store: Store, name: string): string =>
    secretBytes(store.get(key("GlobalSecret", "", name)) ?? { spec: {} }).toString();

  it.each([
    ["a global", { mode: "global", isFederated: false }],
    ["a federated zone", { mode: "zone", zoneName: "east", isFederated: true }],
  ] as const)("%s gets a key of its own and the token of its first administrator", async (_, role) => {
    const { manager, store } = rig(role);
    await manager.ensureDefaults();
    await manager.ensureSigningKeys({ userTokens: true, adminToken: true });
    const signingKey = secret(store, "user-token-signing-key-1");
    expect(signingKey).toMatch(/^key \d$/);
    expect(secret(store, "admin-user-token")).toBe(`admin token signed with 1: ${signingKey}`);
    const { revision } = store;
    expect(await manager.ensureSigningKeys({ userTokens: true, adminToken: true })).toEqual([]);
    expect(store.revision).toBe(revision);
  });

  it("no admin token where the settings say so", async () => {
    const { manager, store } = rig();
    await manager.ensureSigningKeys({ userTokens: true });
    expect(names(store, "GlobalSecret")).toEqual(["user-token-signing-key-1", "zone-token-signing-key-1"]);
  });

  it("keys that were rotated out do not come back, and the newest signs the admin token", async () => {
    const { manager, store } = rig();
    await manager.ensureDefaults();
    await manager.ensureSigningKeys({ userTokens: true });
    const data = Buffer.from("newer").toString("base64");
    const rotated = [
      ["GlobalSecret", "", "user-token-signing-key"],
      ["GlobalSecret", "", "zone-token-signing-key"],
      ["Secret", "default", "dataplane-token-signing-key-default"],
    ] as const;
    await store.commit(
      rotated.flatMap(([type, mesh, prefix]) => [
        { kind: "delete", key: key(type, mesh, `${prefix}-1`) } as const,
        { kind: "put", resource: { ...key(type, mesh, `${prefix}-7`), labels: {}, spec: { data } } } as const,
      ]),
    );
    await manager.ensureSigningKeys({ userTokens: true, adminToken: true });
    expect(secret(store, "admin-user-token")).toBe("admin token signed with 7: newer");
    for (const [type, mesh, prefix] of rotated) expect(store.get(key(type, mesh, `${prefix}-1`))).toBeUndefined();
  });

  it("are not made with a key that is none, and everything else is", async () => {
    const { manager, store } = rig({ keys: nodeKeyMaker(systemClock) });
    const broken = {
      ...key("GlobalSecret", "", "user-token-signing-key-1"),
      labels: {},
      spec: { data: "aHVudGVyMg==" },
    };
    await store.commit([{ kind: "put", resource: broken }]);
    await manager.ensureDefaults();
    await manager.ensureSigningKeys({ userTokens: true, adminToken: true });
    expect(names(store, "GlobalSecret")).toEqual(["user-token-signing-key-1", "zone-token-signing-key-1"]);
    expect(names(store, "Secret")).toEqual(["dataplane-token-signing-key-default-1"]);
  });
});
