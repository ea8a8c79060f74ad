import { X509Certificate } from "node:crypto";
import { builtinTypes, Registry, textOf } from "@isthmus/resources";

import { createMemoryStore } from "@isthmus/store";
import { eventually, FakeClock, seededRandom } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { nodeKeyMaker } from "../keys/key-maker.ts";
import { MeshIdentities, type MeshIdentityEvent } from "./mesh-identities.ts";
import { TrustExchange } from "./trust-exchange.ts";

const registry = new Registry(builtinTypes);
const IDENTITY = {
  type: "MeshIdentity",
  mesh: "default",
  name: "identity",
  labels: { "kuma.io/mesh": "default", "kuma.io/origin": "global" },
  spec: {
    selector: { dataplane: {} },
    provider: {
      type: "Bundled",
      bundled: { insecureAllowSelfSigned: true, autogenerate: { enabled: true }, meshTrustCreation: "Enabled" },
    },
  },
};
const mesh = (mode: string) => ({
  kind: "put" as const,
  resource: { type: "Mesh", mesh: "", name: "default", labels: {}, spec: { meshServices: { mode } } },
});

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function zone(name: string) {
  const clock = new FakeClock();
  const store = createMemoryStore({ clock });
  await store.start();
  const events: MeshIdentityEvent[] = [];
  const service = new MeshIdentities({
    store,
    registry,
    clock,
    random: seededRandom(1),
    keys: nodeKeyMaker(clock),
    zone: name,
    trustDomainOf: (identity, zoneName) => `${identity.mesh}.${zoneName}.mesh.local`,
    onEvent: (event) => events.push(event),
  });
  await service.start();
  stops.push(
    () => store.stop(),
    () => service.stop(),
  );
  const conditions = () => {
    const status = store.get({ type: "MeshIdentity", mesh: "default", name: "identity" })?.status;
    const list = status?.conditions as readonly { type: string; status: string; reason: string }[] | undefined;
    return (list ?? []).map((each) => `${each.type} ${each.status} ${each.reason}`);
  };
  return { store, service, events, conditions };
}

describe("a MeshIdentity with a CA to be made", () => {
  it("gets a CA, a MeshTrust and says that it is ready; afterwards nothing is written", async () => {
    const { store, conditions } = await zone("east");
    await store.commit([mesh("Exclusive"), { kind: "put", resource: IDENTITY }]);
    await eventually(() => conditions().at(-1) === "Ready True Ready");
    expect(conditions()).toEqual([
      "Provider True ProviderInitialized",
      "MeshTrustCreated True MeshTrustCreated",
      "Ready True Ready",
    ]);
    const trust = store.get({ type: "MeshTrust", mesh: "default", name: "identity" });
    expect(trust?.spec.trustDomain).toBe("default.east.mesh.local");
    expect(trust?.labels).toMatchObject({ "kuma.io/zone": "east", "kuma.io/origin": "zone" });
    expect(trust?.status).toEqual({ origin: { kri: "kri_mid_default___identity_" } });
    const secret = store.get({ type: "Secret", mesh: "default", name: "identity-root-ca" });
    const ca = new X509Certificate(Buffer.from(textOf(secret?.spec ?? {}, "data"), "base64"));
    expect([ca.ca, ca.subjectAltName]).toEqual([true, "URI:spiffe://default.east.mesh.local"]);
    const { revision } = store;
    await store.commit([{ ...mesh("Exclusive"), resource: { ...mesh("Exclusive").resource, labels: { a: "b" } } }]);
    expect(store.revision).toBe(revision + 1);
  });

  it("takes everything with it", async () => {
    const { store, conditions } = await zone("east");
    await store.commit([mesh("Exclusive"), { kind: "put", resource: IDENTITY }]);
    await eventually(() => conditions().at(-1) === "Ready True Ready");
    await store.commit([{ kind: "delete", key: { type: "MeshIdentity", mesh: "default", name: "identity" } }]);
    expect([store.count("Secret"), store.count("MeshTrust")]).toEqual([0, 0]);
  });

  it.each([
    ["Disabled", IDENTITY.spec, ["DependenciesReady False MeshServicesDisabled", "Ready False Failure"]],
    ["Exclusive", { selector: {} }, ["SpiffeIDProvider True SpiffeIDProvided", "Ready False PartiallyReady"]],
    [
      "Exclusive",
      { provider: { type: "Spire", spire: {} } },
      ["Provider False ProviderNotFoundError", "Ready False Failure"],
    ],
    [
      "Exclusive",
      { provider: { type: "Bundled", bundled: { autogenerate: { enabled: true } } } },
      ["Provider False ProviderValidationError", "Ready False Failure"],
    ],
    [
      "Exclusive",
      {
        provider: {
          type: "Bundled",
          bundled: {
            ca: {
              certificate: { type: "Secret", secretRef: { kind: "Secret", name: "none" } },
              privateKey: { type: "Secret", secretRef: { kind: "Secret", name: "none" } },
            },
          },
        },
      },
      ["Provider False ProviderInitializationError", "Ready False Failure"],
    ],
  ])("that cannot be: %s %j", async (mode, spec, expected) => {
    const { store, conditions } = await zone("east");
    await store.commit([mesh(mode), { kind: "put", resource: { ...IDENTITY, spec } }]);
    await eventually(() => conditions().length > 0);
    expect(conditions()).toEqual(expected);
  });
});

describe("the exchange of trust on a global", () => {
  const trust = (zoneName: string, pem: string, name = `identity-${zoneName}`) => ({
    kind: "put" as const,
    resource: {
      type: "MeshTrust",
      mesh: "default",
      name,
      labels:
        zoneName === ""
          ? {}
          : { "kuma.io/display-name": "identity", "kuma.io/zone": zoneName, "kuma.io/origin": "zone" },
      spec: {
        trustDomain: `default.${zoneName || "east"}.mesh.local`,
        caBundles: [{ type: "Pem", pem: { value: pem } }],
      },
    },
  });

  async function global() {
    const clock = new FakeClock();
    const store = createMemoryStore({ clock });
    await store.start();
    const service = new TrustExchange({ store, registry, clock, random: seededRandom(1), onEvent: () => {} });
    await service.start();
    stops.push(
      () => store.stop(),
      () => service.stop(),
    );
    const copies = () =>
      store.list("MeshTrust").filter(({ labels }) => labels["isthmus.io/trust-of-zone"] !== undefined);
    return { store, copies };
  }

  it("copies what each zone made, follows it and deletes it with it", async () => {
    const { store, copies } = await global();
    await store.commit([mesh("Exclusive"), trust("east", "a"), trust("west", "b")]);
    await eventually(() => copies().length === 2);
    expect(copies().map(({ name }) => name)).toEqual(["identity-of-east", "identity-of-west"]);
    expect(copies()[0]?.labels).toEqual({ "kuma.io/mesh": "default", "isthmus.io/trust-of-zone": "east" });
    await store.commit([trust("east", "c")]);
    await eventually(() => JSON.stringify(copies()[0]?.spec).includes('"c"'));
    await store.commit([{ kind: "delete", key: { type: "MeshTrust", mesh: "default", name: "identity-east" } }]);
    await eventually(() => copies().length === 1);
  });

  it("leaves alone what an operator copied already", async () => {
    const { store, copies } = await global();
    await store.commit([mesh("Exclusive"), trust("", "a", "trust-of-east"), trust("east", "a")]);
    await store.commit([trust("west", "b")]);
    await eventually(() => copies().length === 1);
    expect(copies()[0]?.name).toBe("identity-of-west");
  });
});
