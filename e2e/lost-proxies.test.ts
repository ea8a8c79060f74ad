/**
 * Proxies whose streams break, with real Envoys: those that were killed together with their runners are withdrawn in all zones, long before they are
 * deregistered, and those that live are not.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isJsonObject } from "@isthmus/std";
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { ControlPlane } from "./harness/control-plane.ts";
import { ENVOY } from "./harness/envoy-proxy.ts";
import * as harness from "./harness/zone-traffic.ts";
import { INGRESS_PORT, multiZoneServiceOf, sidecar, ZoneTraffic } from "./harness/zone-traffic.ts";

const INGRESSES = { "ingress-1": "127.0.42.10", "ingress-2": "127.0.42.11" } as const;
const BACKEND = { name: "backend-1", address: "127.0.42.12" } as const;
const CLIENT = { name: "web", address: "127.0.42.20", outbound: 20_001 } as const;
const REVOCATIONS = "meshes/default/secrets/dataplane-token-revocations-default";
const PATIENT = { timeoutMs: 60_000 };
/** Nothing that happens here waits for it. */
const SETTINGS = { "xdsServer.dataplaneDeregistrationDelay": "1h" };

describe.skipIf(ENVOY === undefined)("proxies whose streams break (needs Envoy)", { timeout: 120_000 }, () => {
  let traffic: ZoneTraffic;
  let east: ControlPlane;

  beforeAll(async () => {
    traffic = await ZoneTraffic.start(["east", "west"], SETTINGS);
    east = traffic.deployment.zone("east");
    await traffic.put("meshes/default", {
      type: "Mesh",
      mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] },
      meshServices: { mode: "Exclusive" },
    });
    await traffic.permission("Allow");
    await traffic.multiZoneService("backend");
    await traffic.deployment.converged();
    const outbound = [{ address: CLIENT.address, port: CLIENT.outbound, backendRef: multiZoneServiceOf("backend") }];
    const servicePort = await traffic.workload(CLIENT.name);
    const client = sidecar(CLIENT.name, { ...CLIENT, service: "web", servicePort, networking: { outbound } });
    await Promise.all([
      ...Object.entries(INGRESSES).map(([name, address]) => traffic.ingress("east", address, name)),
      traffic.instance("east", BACKEND.name, { address: BACKEND.address, service: "backend" }),
      traffic.proxy("west", "dataplane", client, { address: CLIENT.address, port: CLIENT.outbound }),
    ]);
    await eventually(async () => (await ask()) === BACKEND.name, PATIENT);
    await eventually(async () => (await metric("isthmus_proxies_reachable")) === 3, PATIENT);
  }, 180_000);
  afterAll(() => traffic.stop());

  it("is left as it is when it lives, however often its zone looks", async () => {
    const token = readFileSync(join(east.folder, "proxies", BACKEND.name, "token"), "utf8");
    const { jti } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
      readonly jti: string;
    };
    const before = await accepted();
    await traffic.put(REVOCATIONS, { type: "Secret", data: Buffer.from(jti).toString("base64") });
    const restored = (): Promise<unknown> => traffic.deployment.global.api.delete(REVOCATIONS);
    onTestFinished(async () => void (await restored().catch(() => {})));
    // Of the three that are reached one has no stream.
    await eventually(async () => (await metric("isthmus_proxies_reachable")) === 2, PATIENT);
    await eventually(async () => (await accepted()) >= before + 8, PATIENT);
    expect(await stateOf(BACKEND.name)).toBe("Ready");
    expect(await ask()).toBe(BACKEND.name);
    await restored();
    await eventually(async () => (await metric("isthmus_proxies_reachable")) === 3, PATIENT);
    expect(await metric('isthmus_lost_proxies_total{[^}]*outcome="withdrawn"')).toBe(0);
    expect(east.log()).not.toContain("a proxy is gone");
  });

  it("is withdrawn in all zones when it was killed together with its runner, and back when it is started again", async () => {
    await eventually(async () => (await endpoints()).includes(INGRESSES["ingress-1"]), PATIENT);
    await killed(BACKEND.name);
    await eventually(async () => !(await endpoints()).includes(INGRESSES["ingress-1"]), PATIENT);
    expect(await stateOf(BACKEND.name)).toBe("NotReady");
    expect(lines("a proxy is gone")).toEqual([
      expect.objectContaining({ resource: `Dataplane default/${BACKEND.name}`, places: [`${BACKEND.address}:8080`] }),
    ]);
    await traffic.proxies.get(BACKEND.name)?.spawn();
    await eventually(async () => (await ask()) === BACKEND.name, PATIENT);
    expect(await stateOf(BACKEND.name)).toBe("Ready");
    await eventually(async () => (await metric("isthmus_proxies_reachable")) === 3, PATIENT);
  });

  it("is used no more as a door of its zone when it was an ingress", async () => {
    const [victim, other] = ["ingress-2", "ingress-1"] as const;
    await eventually(async () => (await endpoints()).includes(INGRESSES[victim]), PATIENT);
    await killed(victim);
    await eventually(async () => !(await endpoints()).includes(INGRESSES[victim]), PATIENT);
    expect(await endpoints()).toContain(INGRESSES[other]);
    expect(await ask()).toBe(BACKEND.name);
    expect(await east.api.find(`zoneingresses/${victim}`)).toBeUndefined();
    expect(lines("a proxy is gone").at(-1)).toMatchObject({ places: [`${INGRESSES[victim]}:${INGRESS_PORT}`] });
    await traffic.proxies.get(victim)?.spawn();
    await eventually(async () => (await endpoints()).includes(INGRESSES[victim]), PATIENT);
  });

  const ask = (): Promise<string> => harness.ask(CLIENT.address, CLIENT.outbound);
  const accepted = (): Promise<number> => metric('isthmus_proxy_knocks_total{[^}]*outcome="accepted"');

  async function killed(name: string): Promise<void> {
    const proxy = traffic.proxies.get(name);
    process.kill(proxy?.envoyPid ?? 0, "SIGKILL");
    await proxy?.kill();
  }

  /** What the Envoy of the client has of the service. */
  async function endpoints(): Promise<string> {
    const text = await traffic.deployment.zone("west").api.text("meshes/default/dataplanes/web/clusters");
    return text
      .split("\n")
      .filter((line) => line.startsWith("default_backend__"))
      .join("\n");
  }

  async function stateOf(dataplane: string): Promise<string> {
    const { networking } = (await east.api.find(`meshes/default/dataplanes/${dataplane}`)) as unknown as {
      readonly networking: { readonly inbound: readonly { readonly state?: string }[] };
    };
    return networking.inbound[0]?.state ?? "Ready";
  }

  /** Of east; 0: it has no such series. */
  async function metric(name: string): Promise<number> {
    const [, value = "0"] = new RegExp(`^${name}[^ ]* (\\S+)$`, "m").exec(await east.metrics()) ?? [];
    return Number(value);
  }

  function lines(message: string): readonly unknown[] {
    return east
      .log()
      .split("\n")
      .filter((line) => line.includes(message))
      .map((line): unknown => JSON.parse(line))
      .filter(isJsonObject);
  }
});
