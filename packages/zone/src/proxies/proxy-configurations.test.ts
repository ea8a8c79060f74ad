/** Connected proxies over a live topology of zone `west`: real store, real certificates, real bytes. */
import { X509Certificate } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { DEFAULT_SETTINGS } from "@isthmus/envoy";
import { nodeKeyMaker, ResourceManager } from "@isthmus/manager";
import { envoyToJson } from "@isthmus/proto/envoy";
import { ClusterSchema } from "@isthmus/proto/envoy/config/cluster/v3/cluster";
import { ClusterLoadAssignmentSchema } from "@isthmus/proto/envoy/config/endpoint/v3/endpoint";
import { ListenerSchema } from "@isthmus/proto/envoy/config/listener/v3/listener";
import { SecretSchema } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/secret";
import { builtinTypes, Registry } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { Store } from "@isthmus/store";
import { eventually, FakeClock, seededRandom } from "@isthmus/testkit";
import { DEFAULT_VIP_RANGES, LiveTopology } from "@isthmus/topology";
import {
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  type ProxySnapshot,
  type ProxyType,
  readNodeMetadata,
  SECRET_TYPE,
  type TypeUrl,
} from "@isthmus/xds";
import { afterEach, describe, expect, it } from "vitest";
import { dataplane, draft, westStore } from "../testing/west.ts";
import { type ConfigurationEvent, ProxyConfigurations } from "./proxy-configurations.ts";

const registry = new Registry(builtinTypes);
const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function rig() {
  const store = await westStore(
    dataplane("web", "10.0.0.1", {
      inbound: [{ port: 80, tags: { "kuma.io/service": "web" } }],
      transparentProxying: { redirectPortInbound: 15006, redirectPortOutbound: 15001 },
    }),
  );
  const clock = new FakeClock();
  await giveCa(store, clock);
  const events: ConfigurationEvent[] = [];
  const certificates: [string, string | undefined][] = [];
  const configurations = new ProxyConfigurations({
    store,
    registry,
    clock,
    settings: DEFAULT_SETTINGS,
    onEvent: (event) => events.push(event),
    onCertificate: (proxy, certificate) => certificates.push([proxy, certificate?.backend]),
  });
  const topology = new LiveTopology({
    store,
    registry,
    clock,
    random: seededRandom(1),
    lookup: async () => [],
    extend: configurations.extend,
    settings: {
      zone: "west",
      remoteWeights: "isthmus",
      systemNamespace: "",
      generatesMeshServices: false,
      generator: {
        isByWorkload: false,
        propagation: { isEnabled: false, allowedKeys: [] },
        deletionGracePeriodMs: 3_600_000,
      },
      vipRanges: DEFAULT_VIP_RANGES,
      ingressTagFilters: [],
      ingressUpdateMs: 1_000,
      dnsIntervalMs: 10_000,
    },
  });
  await topology.start();
  stops.push(
    () => configurations.stop(),
    () => topology.stop(),
  );
  const follow = (type: ProxyType, mesh: string, name: string, more: JsonObject = {}) => {
    const pushed: ProxySnapshot[] = [];
    const metadata = readNodeMetadata({ features: [], ipv6Enabled: false, ...more });
    const followed = configurations.follow({ id: { type, mesh, name }, metadata, streamId: 1 }, (snapshot) =>
      pushed.push(snapshot),
    );
    return { pushed, followed, last: () => pushed.at(-1) };
  };
  return { store, clock, events, certificates, follow };
}

/** The CA of the mesh, as the write path makes it. */
async function giveCa(store: Store, clock: FakeClock): Promise<void> {
  const keys = nodeKeyMaker(clock);
  const manager = new ResourceManager({ registry, store, mode: "zone", isFederated: false, keys });
  const type = registry.get("Mesh");
  const mesh = store.get({ type: "Mesh", mesh: "", name: "default" });
  if (type === undefined || mesh === undefined) throw new Error("no mesh");
  const written = await manager.put(type, mesh, { ...mesh, labels: { touched: "yes" } });
  if (!written.ok) throw new Error(JSON.stringify(written.error));
}

const names = (snapshot: ProxySnapshot | undefined, type: TypeUrl): readonly string[] =>
  [...(snapshot?.resources.get(type) ?? [])].map(({ name }) => name).sort();

describe("a sidecar that connects", () => {
  it("gets a consistent snapshot with a certificate of its own", async () => {
    const { follow, events, certificates } = await rig();
    const web = follow("dataplane", "default", "web");
    await eventually(() => web.pushed.length > 0);
    expect(certificates).toEqual([["dataplane/default.web", "ca"]]);
    const clusters = names(web.last(), CLUSTER_TYPE);
    expect(clusters).toContain("default_backend__west_msvc_80");
    expect(names(web.last(), ENDPOINT_TYPE)).toEqual(clusters.filter((name) => name.includes("msvc")));
    expect(names(web.last(), LISTENER_TYPE).length).toBeGreaterThan(0);
    expect(names(web.last(), SECRET_TYPE)).toEqual(["identity_cert:secret:default", "mesh_ca:secret:default"]);
    const bytes = web.last()?.resources.get(SECRET_TYPE)?.get("identity_cert:secret:default")?.body;
    const secret = fromBinary(SecretSchema, bytes ?? new Uint8Array());
    const chain = secret.type.case === "tlsCertificate" ? secret.type.value.certificateChain : undefined;
    const pem = chain?.specifier.case === "inlineBytes" ? chain.specifier.value : new Uint8Array();
    expect(new X509Certificate(Buffer.from(pem)).subjectAltName).toMatch(/^URI:(spiffe:\/\/default\/web|kuma:)/);
    expect(events).toContainEqual(expect.objectContaining({ kind: "certificateIssued" }));
  });

  it("hears of an instance that became ready, and nothing else changes", async () => {
    const { follow, store } = await rig();
    const web = follow("dataplane", "default", "web");
    await eventually(() => web.pushed.length > 0);
    const before = web.last();
    const name = "default_backend__west_msvc_80";
    const count = () => {
      const bytes = web.last()?.resources.get(ENDPOINT_TYPE)?.get(name)?.body ?? new Uint8Array();
      return fromBinary(ClusterLoadAssignmentSchema, bytes).endpoints.flatMap(({ lbEndpoints }) => lbEndpoints).length;
    };
    const had = count();
    const ready = dataplane("backend-2", "10.0.0.3", { inbound: [{ port: 8080, state: "Ready" }] });
    await store.commit([{ kind: "put", resource: ready }]);
    await eventually(() => count() === had + 1);
    expect(web.last()?.resources.get(CLUSTER_TYPE)).toBe(before?.resources.get(CLUSTER_TYPE));
    expect(web.last()?.resources.get(LISTENER_TYPE)).toBe(before?.resources.get(LISTENER_TYPE));
    expect(web.last()?.resources.get(SECRET_TYPE)).toBe(before?.resources.get(SECRET_TYPE));
  });

  it("gets a new certificate before the old one ends, and only that", async () => {
    const { follow, clock } = await rig();
    const web = follow("dataplane", "default", "web");
    await eventually(() => web.pushed.length > 0);
    const before = web.last();
    clock.advance(0.8 * 24 * 3_600_000);
    await eventually(() => web.last()?.resources.get(SECRET_TYPE) !== before?.resources.get(SECRET_TYPE));
    expect(web.last()?.resources.get(CLUSTER_TYPE)).toBe(before?.resources.get(CLUSTER_TYPE));
  });

  it("gets what is there at once when it comes back, and nothing after it has gone", async () => {
    const { follow, store } = await rig();
    const first = follow("dataplane", "default", "web");
    await eventually(() => first.pushed.length > 0);
    const second = follow("dataplane", "default", "web");
    expect(second.last()).toBe(first.last());
    first.followed.stop();
    second.followed.stop();
    const count = first.pushed.length;
    await store.commit([{ kind: "put", resource: draft("MeshTimeout", "t", { to: [] }) }]);
    const third = follow("dataplane", "default", "web");
    await eventually(() => third.pushed.length > 0);
    expect(first.pushed).toHaveLength(count);
  });
});

describe("the admin API of a proxy", () => {
  const ADMIN = { "dataplane.admin.port": "9901", "dataplane.admin.socketPath": "/tmp/admin.sock" };
  const secret = (text: string) =>
    draft("GlobalSecret", "envoy-admin-ca", { data: Buffer.from(text).toString("base64") }, { mesh: "" });
  const newCa = async (clock: FakeClock): Promise<string> => {
    const request = { commonName: "Envoy Admin CA", validityMs: 3_600_000, key: { kind: "ec" } } as const;
    const { cert, key } = await nodeKeyMaker(clock).ca(request);
    return cert + key;
  };
  /** What the chain for the control plane shows and asks for; undefined: there is none. */
  const adminTls = (snapshot: ProxySnapshot | undefined) => {
    const bytes = snapshot?.resources.get(LISTENER_TYPE)?.get("kuma:envoy:admin")?.body ?? new Uint8Array();
    const listener = envoyToJson(ListenerSchema, fromBinary(ListenerSchema, bytes));
    const texts = [...JSON.stringify(listener).matchAll(/"(certificateChain|trustedCa)":{"inlineBytes":"([^"]*)"/g)];
    if (texts.length === 0) return undefined;
    const pem = new Map(texts.map(([, member, text]) => [member, Buffer.from(text ?? "", "base64").toString()]));
    return { own: new X509Certificate(pem.get("certificateChain") ?? ""), ca: pem.get("trustedCa") ?? "" };
  };

  it("opens to the control plane alone, with a certificate of the proxy's address", async () => {
    const { follow, store, clock } = await rig();
    const ca = await newCa(clock);
    await store.commit([{ kind: "put", resource: secret(ca) }]);
    const web = follow("dataplane", "default", "web", ADMIN);
    await eventually(() => web.pushed.length > 0);
    const tls = adminTls(web.last());
    expect(tls?.own.subjectAltName).toBe("IP Address:10.0.0.1");
    expect(tls?.own.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(ca.startsWith(tls?.ca ?? "none")).toBe(true);
    expect(tls?.own.verify(new X509Certificate(ca).publicKey)).toBe(true);
  });

  it("follows the CA", async () => {
    const { follow, store, clock } = await rig();
    await store.commit([{ kind: "put", resource: secret(await newCa(clock)) }]);
    const web = follow("dataplane", "default", "web", ADMIN);
    await eventually(() => web.pushed.length > 0);
    const next = await newCa(clock);
    await store.commit([{ kind: "put", resource: secret(next) }]);
    const { publicKey } = new X509Certificate(next);
    await eventually(() => adminTls(web.last())?.own.verify(publicKey) === true);
  });

  it.each(["", "no certificate", "BROKEN"])(
    "stays closed, and nothing else is held up, with %j for a CA",
    async (text) => {
      const { follow, store, clock, events } = await rig();
      const [cert = ""] = (await newCa(clock)).split("-----BEGIN EC");
      const [, key = ""] = (await newCa(clock)).split("-----BEGIN EC");
      const content = text === "BROKEN" ? `${cert}-----BEGIN EC${key}` : text;
      await store.commit([{ kind: "put", resource: secret(content) }]);
      const web = follow("dataplane", "default", "web", ADMIN);
      await eventually(() => web.pushed.length > 0);
      expect(names(web.last(), LISTENER_TYPE)).toContain("kuma:envoy:admin");
      expect(adminTls(web.last())).toBeUndefined();
      const failures = events.filter(({ kind }) => kind === "certificateFailed");
      expect(failures).toHaveLength(text === "BROKEN" ? 1 : 0);
    },
  );

  it("gives no proxy a certificate in the name of the control plane", async () => {
    const { follow, store, clock } = await rig();
    const spy = dataplane("spy", "kuma-cp", { inbound: [{ port: 80, tags: { "kuma.io/service": "spy" } }] });
    await store.commit([secret(await newCa(clock)), spy].map((resource) => ({ kind: "put", resource })));
    const proxy = follow("dataplane", "default", "spy", ADMIN);
    await eventually(() => proxy.pushed.length > 0);
    expect(adminTls(proxy.last())).toBeUndefined();
  });
});

describe("other proxies", () => {
  it("that have no resource get nothing until there is one", async () => {
    const { follow, store } = await rig();
    const late = follow("dataplane", "default", "late-1");
    const web = follow("dataplane", "default", "web");
    await eventually(() => web.pushed.length > 0);
    expect(late.pushed).toEqual([]);
    await store.commit([
      {
        kind: "put",
        resource: dataplane("late-1", "10.1.0.50", { inbound: [{ port: 80, tags: { "kuma.io/service": "late" } }] }),
      },
    ]);
    await eventually(() => late.pushed.length > 0);
  });

  it("like a zone ingress need no certificate", async () => {
    const { follow, store } = await rig();
    await store.commit([
      {
        kind: "put",
        resource: {
          type: "ZoneIngress",
          mesh: "",
          name: "door",
          labels: {},
          spec: {
            networking: { address: "10.1.0.7", port: 10001, advertisedAddress: "192.0.2.7", advertisedPort: 10001 },
          },
        },
      },
    ]);
    const door = follow("ingress", "", "door");
    await eventually(() => door.pushed.length > 0);
    expect(names(door.last(), LISTENER_TYPE)).toEqual(["inbound:10.1.0.7:10001"]);
    const cluster = door.last()?.resources.get(CLUSTER_TYPE)?.get("default_backend__west_msvc_80")?.body;
    expect(fromBinary(ClusterSchema, cluster ?? new Uint8Array()).transportSocket).toBeUndefined();
    expect(names(door.last(), SECRET_TYPE)).toEqual([]);
  });
});
