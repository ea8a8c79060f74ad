/** What dies or is replaced under traffic between zones, and what a client sees of it: instances and ingresses in east, a client in west. */
import type { JsonObject } from "@isthmus/std";
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ENVOY } from "./harness/envoy-proxy.ts";
import * as harness from "./harness/zone-traffic.ts";
import { multiZoneServiceOf, serviceOf, sidecar, ZoneTraffic } from "./harness/zone-traffic.ts";

const CLIENT = "127.0.35.20";
const OUTBOUND = { remote: 20_001, multiZone: 20_002, bytes: 20_003 };
const BYTES_PORT = 8090;
const CONNECTIONS = "meshes/default/meshtimeouts/connections";
const PATIENT = { timeoutMs: 60_000 };
/** Renewed at four fifths: time enough for a machine that is busy with other tests. */
const CERTIFICATES_LIVE = "30s";
/** Promised is 1 s, on a machine that does nothing else. */
const ERRORS_END_MS = 3_000;

describe.skipIf(ENVOY === undefined)("failures under traffic between zones (needs Envoy)", { timeout: 120_000 }, () => {
  let traffic: ZoneTraffic;
  const workloadPorts = new Map<string, number>();

  beforeAll(async () => {
    traffic = await ZoneTraffic.start(["east", "west"]);
    await mesh({ dpCert: { rotation: { expiration: CERTIFICATES_LIVE } } });
    await traffic.permission("Allow");
    await traffic.multiZoneService("backend");
    await traffic.multiZoneService("bytes", "tcp", BYTES_PORT);
    await traffic.deployment.converged();
    await Promise.all([
      traffic.ingress("east", "127.0.35.10", "ingress-1"),
      backend("east", "backend-e1", "127.0.35.12"),
      backend("east", "backend-e2", "127.0.35.13"),
      backend("west", "backend-w1", "127.0.35.21"),
      client(),
    ]);
    await connectionsLive("500ms");
    await eventually(async () => {
      const answers = new Set(await askMany(OUTBOUND.remote, 300));
      return answers.size === 2 && [...answers].every(isOfEast);
    }, PATIENT);
  }, 180_000);
  afterAll(() => traffic.stop());

  it("loses no request while certificates of both sides are renewed", async () => {
    const proxies = [
      ["west", "web"],
      ["east", "backend-e1"],
      ["east", "backend-e2"],
    ] as const;
    const renewals = (): Promise<readonly number[]> =>
      Promise.all(proxies.map(([zone, name]) => updatesOfSecrets(zone, name)));
    onTestFinished(async () => {
      await mesh({});
      await removed(CONNECTIONS);
    });
    const before = await renewals();
    const answers: string[] = [];
    await eventually(
      async () => {
        answers.push(...(await askMany(OUTBOUND.remote, 50)));
        return (await renewals()).every((count, i) => count > (before[i] ?? 0));
      },
      { timeoutMs: 90_000 },
    );
    // Connections of now are made with the new certificates.
    answers.push(...(await askMany(OUTBOUND.remote, 500)));
    expect([...answers.entries()].filter(([, answer]) => !isOfEast(answer))).toEqual([]);
    for (const [zone, name] of proxies) {
      await eventually(async () => (await renewalsInInsight(zone, name)) >= 2, PATIENT);
    }
  });

  it("spreads the load of one client over the instances behind an ingress", async () => {
    await eventually(async () => (await config()).includes(`"max_connection_duration": "10s"`), PATIENT);
    const ended = (): Promise<number> => statistic("west", "web", /upstream_cx_max_duration_reached/);
    const before = await ended();
    const seen = new Set<string>();
    await eventually(async () => {
      seen.add(await ask(OUTBOUND.remote));
      return seen.has("backend-e1") && seen.has("backend-e2") && (await ended()) > before;
    }, PATIENT);
  });

  it("leaves an instance whose workload died as soon as that is known", async () => {
    await connectionsLive("0s");
    await eventually(async () => !(await config()).includes(`"max_connection_duration": "10s"`), PATIENT);
    // Connections of before the change are gone after some of them.
    const settled = async (): Promise<string> => (await askMany(OUTBOUND.remote, 50)).at(-1) ?? "";
    const victim = await eventually(async () => /^backend-e.$/.exec(await settled())?.[0], PATIENT);
    const other = victim === "backend-e1" ? "backend-e2" : "backend-e1";
    traffic.endWorkload(victim);
    await inboundIs(victim, "NotReady");
    const known = performance.now();
    let lastFailure = known;
    for (let good = 0; good < 40; good += 1) {
      if ((await ask(OUTBOUND.remote)) === other) continue;
      lastFailure = performance.now();
      good = 0;
    }
    expect(lastFailure - known).toBeLessThan(ERRORS_END_MS);
    await traffic.workload(victim, workloadPorts.get(victim));
    await inboundIs(victim, "Ready");
    await removed(CONNECTIONS);
    await eventually(async () => (await ask(OUTBOUND.remote)) === victim, PATIENT);
  });

  it("splits requests between zones by the weights of a MeshHTTPRoute", async () => {
    onTestFinished(() => removed("meshes/default/meshhttproutes/split"));
    await traffic.put("meshes/default/meshhttproutes/split", {
      type: "MeshHTTPRoute",
      spec: split("backend", {
        matches: [{ path: { type: "PathPrefix", value: "/" } }],
        default: { backendRefs: [weighted("east", "backend", 8080, 3), weighted("west", "backend", 8080, 1)] },
      }),
    });
    await eventually(async () => isOfEast(await ask(OUTBOUND.multiZone)), PATIENT);
    expectShare(await askMany(OUTBOUND.multiZone, 200), 0.75);
  });

  it("splits connections between zones by the weights of a MeshTCPRoute", async () => {
    await eventually(async () => (await ask(OUTBOUND.bytes)) === "backend-w1", PATIENT);
    onTestFinished(() => removed("meshes/default/meshtcproutes/split"));
    await traffic.put("meshes/default/meshtcproutes/split", {
      type: "MeshTCPRoute",
      spec: split("bytes", {
        default: { backendRefs: [weighted("east", "bytes", BYTES_PORT, 1), weighted("west", "bytes", BYTES_PORT, 3)] },
      }),
    });
    await eventually(async () => isOfEast(await ask(OUTBOUND.bytes)), PATIENT);
    expectShare(await askMany(OUTBOUND.bytes, 200), 0.25);
  });

  it("goes by the other ingress when one dies", async () => {
    await traffic.ingress("east", "127.0.35.11", "ingress-2");
    const clusters = (): Promise<string> =>
      traffic.deployment.zone("west").api.text("meshes/default/dataplanes/web/clusters");
    await eventually(async () => {
      await askMany(OUTBOUND.remote, 10);
      return (await clusters()).includes("127.0.35.11:10001::cx_active::1");
    }, PATIENT);
    process.kill(traffic.proxies.get("ingress-1")?.envoyPid ?? 0, "SIGKILL");
    await eventually(async () => (await askMany(OUTBOUND.remote, 20)).every(isOfEast), { timeoutMs: 10_000 });
  });

  it("sends nothing to a zone that is disabled, and does so again when it is enabled", async () => {
    await traffic.put("meshes/default/meshloadbalancingstrategies/spread", {
      type: "MeshLoadBalancingStrategy",
      spec: {
        to: [
          {
            targetRef: { kind: "MeshMultiZoneService", labels: { "kuma.io/display-name": "backend" } },
            default: { localityAwareness: { disabled: true } },
          },
        ],
      },
    });
    const zonesAsked = async (): Promise<ReadonlySet<string>> =>
      new Set((await askMany(OUTBOUND.multiZone, 20)).map((answer) => answer.slice(0, "backend-x".length)));
    await eventually(async () => (await zonesAsked()).size === 2, PATIENT);
    onTestFinished(() => enabled("east", true));
    await enabled("east", false);
    // Fast, and not after a time out.
    await eventually(async () => /^failed: (503|connect ECONNREFUSED)/.test(await ask(OUTBOUND.remote)), PATIENT);
    expect(await zonesAsked()).toEqual(new Set(["backend-w"]));
    await enabled("east", true);
    await eventually(async () => isOfEast(await ask(OUTBOUND.remote)), PATIENT);
    await eventually(async () => (await zonesAsked()).size === 2, PATIENT);
  });

  function config(): Promise<string> {
    return traffic.deployment.zone("west").api.text("meshes/default/dataplanes/web/xds");
  }

  async function connectionsLive(maxConnectionDuration: string): Promise<void> {
    await traffic.put(CONNECTIONS, {
      type: "MeshTimeout",
      spec: { to: [{ targetRef: { kind: "Mesh" }, default: { http: { maxConnectionDuration } } }] },
    });
  }

  async function removed(path: string): Promise<void> {
    await traffic.deployment.global.api.delete(path);
  }

  async function mesh(backend: JsonObject): Promise<void> {
    await traffic.put("meshes/default", {
      type: "Mesh",
      mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin", ...backend }] },
      meshServices: { mode: "Exclusive" },
    });
  }

  async function backend(zone: string, name: string, address: string): Promise<void> {
    const servicePort = await traffic.workload(name);
    workloadPorts.set(name, servicePort);
    const tags = { "kuma.io/service": "bytes", "kuma.io/protocol": "tcp" };
    const moreInbounds = [{ port: BYTES_PORT, servicePort, serviceAddress: "127.0.0.1", tags }];
    const inbound = { serviceProbe: { tcp: {} } };
    const resource = sidecar(name, { address, service: "backend", servicePort, inbound, moreInbounds });
    await traffic.proxy(zone, "dataplane", resource, { address, port: BYTES_PORT });
  }

  async function client(): Promise<void> {
    const ref = (port: number, backendRef: JsonObject): JsonObject => ({ address: CLIENT, port, backendRef });
    const outbound = [
      ref(OUTBOUND.remote, serviceOf("east", "backend")),
      ref(OUTBOUND.multiZone, multiZoneServiceOf("backend")),
      ref(OUTBOUND.bytes, multiZoneServiceOf("bytes", BYTES_PORT)),
    ];
    const servicePort = await traffic.workload("web");
    const resource = sidecar("web", { address: CLIENT, service: "web", servicePort, networking: { outbound } });
    await traffic.proxy("west", "dataplane", resource, { address: CLIENT, port: OUTBOUND.remote });
  }

  /** As its probe says; `Ready` is the state that is not written. */
  async function inboundIs(dataplane: string, state: string): Promise<void> {
    const { api } = traffic.deployment.zone("east");
    await eventually(async () => {
      const { networking } = (await api.find(`meshes/default/dataplanes/${dataplane}`)) as unknown as {
        readonly networking: { readonly inbound: readonly { readonly state?: string }[] };
      };
      return (networking.inbound[0]?.state ?? "Ready") === state;
    }, PATIENT);
  }

  async function enabled(zone: string, isEnabled: boolean): Promise<void> {
    await traffic.put(`zones/${zone}`, { type: "Zone", enabled: isEnabled });
  }

  async function renewalsInInsight(zone: string, dataplane: string): Promise<number> {
    const insight = await traffic.deployment.zone(zone).api.find(`meshes/default/dataplane-insights/${dataplane}`);
    const { certificateRegenerations = 0 } = (insight?.["mTLS"] ?? {}) as {
      readonly certificateRegenerations?: number;
    };
    return certificateRegenerations;
  }

  /** How often a side of TLS got other certificates. */
  function updatesOfSecrets(zone: string, dataplane: string): Promise<number> {
    return statistic(zone, dataplane, /ssl_context_update_by_sds/);
  }

  /** The largest of those whose names fit. */
  async function statistic(zone: string, dataplane: string, name: RegExp): Promise<number> {
    const text = await traffic.deployment.zone(zone).api.text(`meshes/default/dataplanes/${dataplane}/stats`);
    const values = text.split("\n").filter((line) => name.test(line));
    return Math.max(0, ...values.map((line) => Number(line.slice(line.lastIndexOf(": ") + 2))));
  }
});

const isOfEast = (answer: string): boolean => answer.startsWith("backend-e");
const ask = (port: number): Promise<string> => harness.ask(CLIENT, port);
const askMany = (port: number, count: number): Promise<readonly string[]> => harness.askMany(CLIENT, port, count);

function weighted(zone: string, service: string, port: number, weight: number): JsonObject {
  return { ...serviceOf(zone, service, port), weight };
}

function split(service: string, rule: JsonObject): JsonObject {
  return { to: [{ targetRef: { kind: "MeshMultiZoneService", name: service }, rules: [rule] }] };
}

/** Of east, in a run of independent choices: six standard deviations of 200. */
function expectShare(answers: readonly string[], share: number): void {
  expect(answers.filter((answer) => answer.startsWith("failed"))).toEqual([]);
  const east = answers.filter(isOfEast).length / answers.length;
  expect(Math.abs(east - share)).toBeLessThan(0.19);
}
