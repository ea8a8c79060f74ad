/**
 * KB3: the only instance of a multi-zone service, in zone A, becomes unready, and ready again; how long until proxies of zone B are told. The same for a
 * policy of the global.
 */
import { seededRandom } from "@isthmus/testkit";
import { watchEventLoop } from "../event-loop-delay.ts";
import { HttpClient, inParallel } from "../http-client.ts";
import { dataplane, INGRESS, MESH, MULTI_ZONE, multiZone, untilServices } from "../mesh-traffic.ts";
import { ENDPOINTS, MockProxy, namesIn } from "../mock-proxy.ts";
import { type Distribution, distribution, poissonGapMs, round } from "../statistics.ts";
import { startIsthmus, startZone } from "../systems.ts";

const MEAN_GAP_MS = 50;
const FILL_WIDTH = 8;
const CHANGING_MAX = 20;
/** A zone runs for weeks: what is measured is compiled code. */
const WARM_UP_TRIALS = 200;
const TIMEOUT_MS = 30_000;

export interface Kb3Options {
  readonly store: "memory" | "lmdb";
  readonly services: number;
  readonly proxies: number;
  readonly trials: number;
  readonly seed: number;
}

export interface Kb3Result {
  /** From the request that changes the Dataplane in zone A. */
  readonly perProxy: Distribution;
  readonly lastProxy: Distribution;
  /** From the answer of that request. */
  readonly afterAnswer: Distribution;
  readonly put: Distribution;
  readonly generatorDelayP99Ms: number;
}

export async function kb3({ store, services, proxies, trials, seed }: Kb3Options): Promise<Kb3Result> {
  const global = await startIsthmus(store);
  const east = await startZone("east", store, global);
  const west = await startZone("west", store, global);
  const [toGlobal, toEast, toWest] = [global, east, west].map(({ restUrl }) => new HttpClient(restUrl, FILL_WIDTH));
  if (!toGlobal || !toEast || !toWest) throw new Error("unreachable");
  try {
    await toGlobal.expect("PUT", "/meshes/default", MESH);
    await toEast.expect("PUT", "/zoneingresses/ingress", INGRESS);
    await inParallel(services, FILL_WIDTH, (i) =>
      toEast.expect("PUT", `/meshes/default/dataplanes/dp-${i}`, dataplane(`dp-${i}`, `service-${i}`, i)),
    );
    const changing = Math.min(services, CHANGING_MAX);
    for (let i = 0; i < changing; i += 1) await toGlobal.expect("PUT", `${MULTI_ZONE}/service-${i}`, multiZone(i));
    await untilServices(toWest, services);
    const random = seededRandom(seed);
    let arrived: ((name: string, at: number) => void) | undefined;
    const mocks = Array.from({ length: proxies }, (_, i) => {
      const name = `client-${i}`;
      return new MockProxy({
        url: west.proxiesUrl,
        mesh: "default",
        name,
        dataplane: JSON.stringify(dataplane(name, "client", 100_000 + i)),
        onResponse: ({ typeUrl, message }, at) => {
          if (typeUrl === ENDPOINTS) for (const each of namesIn(message)) arrived?.(each, at);
        },
      });
    });
    // Zone A has an ingress to keep up to date as well.
    mocks.push(new MockProxy({ url: east.proxiesUrl, type: "ingress", mesh: "", name: INGRESS.name }));
    await Promise.all(mocks.map(({ ready }) => ready));
    const perProxy: number[] = [];
    const lastProxy: number[] = [];
    const afterAnswer: number[] = [];
    const puts: number[] = [];
    const loop = watchEventLoop();
    for (let trial = -WARM_UP_TRIALS; trial < trials; trial += 1) {
      await new Promise((resolve) => setTimeout(resolve, poissonGapMs(random, MEAN_GAP_MS)));
      const i = Math.floor((trial + WARM_UP_TRIALS) / 2) % changing;
      const isReady = trial % 2 !== 0;
      const at: number[] = [];
      const all = new Promise<void>((resolve, reject) => {
        const limit = setTimeout(() => reject(new Error(`${at.length} of ${proxies} proxies were told`)), TIMEOUT_MS);
        arrived = (name, time) => {
          if (!name.startsWith(`default_service-${i}_`)) return;
          at.push(time);
          if (at.length < proxies) return;
          clearTimeout(limit);
          resolve();
        };
      });
      const started = performance.now();
      const path = `/meshes/default/dataplanes/dp-${i}`;
      await toEast.expect("PUT", path, dataplane(`dp-${i}`, `service-${i}`, i, isReady));
      const answered = performance.now();
      await all;
      if (trial < 0) continue;
      puts.push(answered - started);
      perProxy.push(...at.map((time) => time - started));
      lastProxy.push(Math.max(...at) - started);
      afterAnswer.push(Math.max(...at) - answered);
    }
    loop.stop();
    for (const mock of mocks) mock.close();
    return {
      perProxy: distribution(perProxy),
      lastProxy: distribution(lastProxy),
      afterAnswer: distribution(afterAnswer),
      put: distribution(puts),
      generatorDelayP99Ms: round(loop.p99Ms()),
    };
  } finally {
    for (const client of [toGlobal, toEast, toWest]) client.close();
    for (const each of [west, east, global]) await each.stop();
  }
}
