/**
 * Traffic between zones by identities of workloads (profile B): a MeshIdentity instead of `Mesh.mtls`, doors that are listeners of Dataplanes,
 * MeshTrusts that nobody copies.
 */
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENVOY } from "./harness/envoy-proxy.ts";
import { ask, askMany, INGRESS_PORT, serviceOf, sidecar, ZoneTraffic } from "./harness/zone-traffic.ts";

const CLIENT = "127.0.36.20";
const DOOR = "127.0.36.10";
const OUTBOUND = 20_001;
const PATIENT = { timeoutMs: 120_000 };
const FRONTEND = "spiffe://default.west.mesh.local/workload/frontend";

describe.skipIf(ENVOY === undefined)("traffic by identities of workloads (needs Envoy)", { timeout: 240_000 }, () => {
  let traffic: ZoneTraffic;

  beforeAll(async () => {
    traffic = await ZoneTraffic.start(["east", "west"]);
    await traffic.put("meshes/default", { type: "Mesh", meshServices: { mode: "Exclusive" } });
    await traffic.put("meshes/default/meshidentities/identity", {
      type: "MeshIdentity",
      spec: {
        selector: { dataplane: { matchLabels: {} } },
        spiffeID: { trustDomain: "{{ .Mesh }}.{{ .Zone }}.mesh.local", path: "/workload/{{ .Workload }}" },
        provider: {
          type: "Bundled",
          bundled: { autogenerate: { enabled: true }, insecureAllowSelfSigned: true, meshTrustCreation: "Enabled" },
        },
      },
    });
    await permission("spiffe://default.west.mesh.local/workload/nobody");
    await traffic.instance("east", "backend-1", {
      address: "127.0.36.11",
      service: "backend",
      inbound: { name: "api" },
      dataplane: workload("backend"),
    });
    await door();
    const outbound = [{ address: CLIENT, port: OUTBOUND, backendRef: serviceOf("east", "backend") }];
    const resource = sidecar("web", {
      address: CLIENT,
      service: "web",
      servicePort: await traffic.workload("web"),
      networking: { outbound },
      dataplane: workload("frontend"),
    });
    await traffic.proxy("west", "dataplane", resource, { address: CLIENT, port: OUTBOUND });
  }, 300_000);
  afterAll(() => traffic.stop());

  it("gives each zone the trust of the other", async () => {
    for (const [zone, domain] of [
      ["west", "default.east.mesh.local"],
      ["east", "default.west.mesh.local"],
    ] as const) {
      await eventually(async () => {
        const trusts = await traffic.deployment.zone(zone).api.listResources("meshes/default/meshtrusts");
        return trusts.some(({ spec }) => (spec as { trustDomain?: string }).trustDomain === domain);
      }, PATIENT);
    }
  });

  it("refuses a workload that nobody lets in", async () => {
    await eventually(async () => (await ask(CLIENT, OUTBOUND)).startsWith("failed: 403 RBAC"), PATIENT);
  });

  it("reaches a named port by its number, as the SPIFFE id of the client allows", async () => {
    await permission(FRONTEND);
    await eventually(async () => (await ask(CLIENT, OUTBOUND)) === "backend-1", PATIENT);
    expect(new Set(await askMany(CLIENT, OUTBOUND, 30))).toEqual(new Set(["backend-1"]));
    const service = await traffic.deployment.zone("west").byDisplayName("meshes/default/meshservices", "backend");
    expect(service?.spec).toMatchObject({
      ports: [{ name: "api", port: 8080 }],
      identities: expect.arrayContaining([
        { type: "SpiffeID", value: "spiffe://default.east.mesh.local/workload/backend" },
      ]),
    });
  });

  it("passes by the listener of a Dataplane", async () => {
    const { api } = traffic.deployment.zone("east");
    const stats = await eventually(() => api.text("meshes/default/dataplanes/doors/stats"));
    const [, count = "0"] = /^listener\.[^\n]*ingress[^\n]*\.downstream_cx_total: (\d+)$/m.exec(stats) ?? [];
    expect(Number(count)).toBeGreaterThan(0);
  });

  async function permission(spiffeId: string): Promise<void> {
    await traffic.put("meshes/default/meshtrafficpermissions/clients", {
      type: "MeshTrafficPermission",
      spec: { rules: [{ default: { allow: [{ spiffeID: { type: "Exact", value: spiffeId } }] } }] },
    });
  }

  async function door(): Promise<void> {
    const listeners = [{ type: "ZoneIngress", name: "ingress", address: DOOR, port: INGRESS_PORT }];
    const networking = { address: DOOR, listeners };
    const resource = { type: "Dataplane", mesh: "default", name: "doors", networking, ...workload("doors") };
    await traffic.proxy("east", "dataplane", resource, { address: DOOR, port: INGRESS_PORT });
    await traffic.deployment.zone("east").api.put("meshes/default/meshzoneaddresses/doors", {
      type: "MeshZoneAddress",
      mesh: "default",
      name: "doors",
      labels: { "kuma.io/origin": "zone" },
      spec: { address: DOOR, port: INGRESS_PORT },
    });
  }
});

const workload = (name: string) => ({ labels: { "kuma.io/workload": name } });
