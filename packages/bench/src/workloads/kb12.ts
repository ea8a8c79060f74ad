/**
 * KB12: many proxies on one zone. They connect at once, each with a Dataplane of its own and an outbound to every service; then an instance of one
 * service becomes unready and ready again, and a policy of the mesh changes: how long until the last proxy has acknowledged.
 */
import { WireWriter } from "@isthmus/proto";
import type { DiscoveryHead } from "../discovery-reader.ts";
import { watchEventLoop } from "../event-loop-delay.ts";
import { HttpClient, inParallel } from "../http-client.ts";
import { addressOf, dataplane, MESH, untilServices } from "../mesh-traffic.ts";
import { ENDPOINTS, LISTENERS, MockProxy, namesIn } from "../mock-proxy.ts";
import { cpuSeconds, settledBytes } from "../process-usage.ts";
import { type Distribution, distribution, round } from "../statistics.ts";
import { startZone } from "../systems.ts";
import type { Kb3Options } from "./kb3.ts";

const FILL_WIDTH = 8;
const WARM_UP_TRIALS = 2;
const POLICIES = 3;
const TIMEOUT_MS = 120_000;
const GAP_MS = 200;

export type Kb12Options = Omit<Kb3Options, "seed">;

export interface Kb12Result {
  /** From the first connection to the listeners at the last proxy; a tenth of them first, for the memory. */
  readonly connectSeconds: number;
  readonly connectCpuSeconds: number;
  /** One endpoint, from its request to the last proxy. */
  readonly endpointChange: Distribution;
  readonly endpointChangeCpuMs: number;
  /** A MeshTimeout for the whole mesh, which changes every listener and cluster. */
  readonly policyChange: Distribution;
  /** Slope: growth by the last nine tenths of the proxies; what the first one costs is shared by all. */
  readonly kibPerProxy: number;
  readonly generatorDelayP99Ms: number;
}

export async function kb12({ store, services, proxies, trials }: Kb12Options): Promise<Kb12Result> {
  const zone = await startZone("east", store);
  const client = new HttpClient(zone.restUrl, FILL_WIDTH);
  const loop = watchEventLoop();
  try {
    await client.expect("PUT", "/meshes/default", MESH);
    // Two instances each, so that a service stays available with one of them.
    await inParallel(services * 2, FILL_WIDTH, (i) =>
      client.expect("PUT", `/meshes/default/dataplanes/dp-${i}`, instance(i, services)),
    );
    await untilServices(client, services);
    let told: ((response: DiscoveryHead) => void) | undefined;
    /** Bytes of the change, which nothing else contains. */
    let sought: Buffer | undefined;
    const mocks: MockProxy[] = [];
    /** Up to `count` of them. Resolves with the seconds that it took. */
    const connectAll = async (count: number): Promise<number> => {
      const connecting = performance.now();
      const joining = Array.from({ length: count - mocks.length }, (_, place) => {
        const i = mocks.length + place;
        const name = `client-${i}`;
        return new MockProxy({
          url: zone.proxiesUrl,
          mesh: "default",
          name,
          // One more instance of some service.
          dataplane: JSON.stringify(dataplane(name, `service-${i % services}`, 100_000 + i)),
          onResponse: (response) => told?.(response),
          seek: () => sought,
        });
      });
      mocks.push(...joining);
      await Promise.all(joining.map(({ ready }) => ready));
      return (performance.now() - connecting) / 1000;
    };
    const cpuBefore = cpuSeconds(zone.pid);
    const firstCount = Math.ceil(proxies / 10);
    const firstSeconds = await connectAll(firstCount);
    const first = await settledBytes(zone.pid, zone.collectsOnSignal);
    const otherSeconds = await connectAll(proxies);
    const connectCpuSeconds = cpuSeconds(zone.pid) - cpuBefore;
    const connectSeconds = firstSeconds + otherSeconds;
    const whole = await settledBytes(zone.pid, zone.collectsOnSignal);

    const untilAll = (isMeant: (response: DiscoveryHead) => boolean): Promise<void> => {
      let missing = proxies;
      return new Promise((resolve, reject) => {
        const limit = setTimeout(() => reject(new Error(`${missing} proxies were not told`)), TIMEOUT_MS);
        told = (response) => {
          if (!isMeant(response)) return;
          missing -= 1;
          if (missing > 0) return;
          clearTimeout(limit);
          told = undefined;
          resolve();
        };
      });
    };
    const endpointChanges: number[] = [];
    let cpu = cpuSeconds(zone.pid);
    for (let trial = -WARM_UP_TRIALS; trial < trials; trial += 1) {
      await new Promise((resolve) => setTimeout(resolve, GAP_MS));
      if (trial === 0) cpu = cpuSeconds(zone.pid);
      const i = (trial + WARM_UP_TRIALS) >> 1;
      const isReady = trial % 2 !== 0;
      const address = addressBytes(i);
      const all = untilAll(
        ({ typeUrl, message }) =>
          typeUrl === ENDPOINTS &&
          message?.includes(address) === isReady &&
          namesIn(message).some((name) => name.startsWith(`default_service-${i % services}_`)),
      );
      const started = performance.now();
      await client.expect("PUT", `/meshes/default/dataplanes/dp-${i}`, instance(i, services, isReady));
      await all;
      if (trial >= 0) endpointChanges.push(performance.now() - started);
    }
    const endpointChangeCpuMs = ((cpuSeconds(zone.pid) - cpu) * 1000) / Math.max(1, trials);
    const policyChanges: number[] = [];
    for (let trial = 0; trial < POLICIES; trial += 1) {
      await new Promise((resolve) => setTimeout(resolve, GAP_MS));
      const seconds = trial + 20;
      sought = timeoutBytes(seconds);
      const all = untilAll(({ typeUrl, isFound }) => typeUrl === LISTENERS && isFound);
      const started = performance.now();
      await client.expect("PUT", "/meshes/default/meshtimeouts/kb12", timeout(seconds));
      await all;
      policyChanges.push(performance.now() - started);
    }
    loop.stop();
    for (const mock of mocks) mock.close();
    return {
      connectSeconds: round(connectSeconds),
      connectCpuSeconds: round(connectCpuSeconds),
      endpointChange: distribution(endpointChanges),
      endpointChangeCpuMs: round(endpointChangeCpuMs),
      policyChange: distribution(policyChanges),
      kibPerProxy: round((whole - first) / 1024 / (proxies - firstCount)),
      generatorDelayP99Ms: round(loop.p99Ms()),
    };
  } finally {
    client.close();
    await zone.stop();
  }
}

function instance(i: number, services: number, isReady = true): object {
  return dataplane(`dp-${i}`, `service-${i % services}`, i, isReady);
}

/** `SocketAddress.address` of an instance, encoded. */
function addressBytes(i: number): Buffer {
  return Buffer.from(new WireWriter().string(2, addressOf(i)).finish());
}

/** `RouteAction.timeout`, encoded. */
function timeoutBytes(seconds: number): Buffer {
  const duration = new WireWriter()
    .varint(1 << 3)
    .varint(seconds)
    .finish();
  return Buffer.from(new WireWriter().bytes(8, duration).finish());
}

function timeout(seconds: number): object {
  return {
    type: "MeshTimeout",
    mesh: "default",
    name: "kb12",
    spec: {
      targetRef: { kind: "Mesh" },
      to: [{ targetRef: { kind: "Mesh" }, default: { idleTimeout: "1m0s", http: { requestTimeout: `${seconds}s` } } }],
    },
  };
}
