/** An instance of east becomes ready or not ready, the only one of its service: until the Envoy of a client in west knows. */
import type { JsonObject } from "@isthmus/std";
import { ADDRESS, type Lab } from "./lab.ts";
import { pause, Watch } from "./watch.ts";

export const SERVICE = "backend";
const NAME = "backend-1";
/** Longer than every period of what is measured, so that trials begin anywhere in it. */
const SPREAD_MS = 2_000;
const GAP_MS = 100;
/** A zone runs for weeks: what is measured is compiled code. */
const WARM_UP = 100;

export interface AfterProbe {
  /** From when the workload closed or opened its port to when the probe of its Envoy saw it. */
  readonly toProbe: readonly number[];
  /** From there to the report that east took, and to the Envoy of west. */
  readonly probeToKnown: readonly number[];
  readonly knownToServed: readonly number[];
  readonly probeToServed: readonly number[];
}

/** From the request, which says `Ignored`: what it says else is corrected by the next report. Without trials it warms up all that follows. */
export async function byPut(lab: Lab, trials: number): Promise<readonly number[]> {
  const { api } = lab.traffic.deployment.zone("east");
  const path = `meshes/default/dataplanes/${NAME}`;
  const clusters = lab.admin("/clusters");
  const times: number[] = [];
  for (let trial = -WARM_UP; trial < trials; trial += 1) {
    const isServed = trial % 2 !== 0;
    const resource = (await api.find(path)) as unknown as JsonObject & { networking: { inbound: JsonObject[] } };
    const { networking } = resource;
    const inbound = networking.inbound.map((each) => ({ ...each, state: isServed ? "Ready" : "Ignored" }));
    await pause(Math.random() * GAP_MS);
    const began = performance.now();
    const put = api.put(path, { ...resource, networking: { ...networking, inbound } });
    const seen = await clusters.until(({ text }) => lab.isServed(text, SERVICE) === isServed, `served: ${isServed}`);
    await put;
    if (trial >= 0) times.push(seen.at - began);
  }
  clusters.close();
  return times;
}

/** The port of the workload is closed and opened again. */
export async function byProbe(
  lab: Lab,
  port: number,
  trials: number,
): Promise<[dies: AfterProbe, returns: AfterProbe]> {
  const stats = new Watch(lab.adminTarget(NAME, `/stats?filter=localhost_${port}.health_check.healthy`));
  const clusters = lab.admin("/clusters");
  const turns = [newTimes(), newTimes()] as const;
  for (let trial = 0; trial < trials * 2; trial += 1) {
    const isServed = trial % 2 !== 0;
    await pause(Math.random() * SPREAD_MS);
    const began = performance.now();
    if (isServed) await lab.traffic.workload(NAME, port);
    else lab.traffic.endWorkload(NAME);
    const [probed, served] = await Promise.all([
      stats.until(({ text }) => text.includes(`healthy: ${isServed ? 1 : 0}`), `probed: ${isServed}`),
      clusters.until(({ text }) => lab.isServed(text, SERVICE) === isServed, `served: ${isServed}`),
    ]);
    const known = lab.knownAt(NAME);
    const turn = turns[isServed ? 1 : 0];
    turn.toProbe.push(probed.at - began);
    turn.probeToKnown.push(known - probed.at);
    turn.knownToServed.push(served.at - known);
    turn.probeToServed.push(served.at - probed.at);
  }
  stats.close();
  clusters.close();
  return [...turns];
}

function newTimes() {
  const none = (): number[] => [];
  return { toProbe: none(), probeToKnown: none(), knownToServed: none(), probeToServed: none() };
}

export interface AfterKill {
  /** To when east had withdrawn it, and from there to the Envoy of west. */
  readonly killToKnown: readonly number[];
  readonly knownToGone: readonly number[];
  readonly killToGone: readonly number[];
}

/** The runner and its Envoy at once, with SIGKILL; from there. Nobody reports it. */
export async function byKill(lab: Lab, trials: number): Promise<AfterKill> {
  const clusters = lab.admin("/clusters");
  const killToKnown: number[] = [];
  const knownToGone: number[] = [];
  const killToGone: number[] = [];
  for (let trial = 0; trial < trials; trial += 1) {
    await lab.reachable();
    const proxy = lab.traffic.proxies.get(NAME);
    const began = performance.now();
    process.kill(proxy?.envoyPid ?? 0, "SIGKILL");
    await proxy?.kill();
    const gone = await clusters.until(({ text }) => !lab.isServed(text, SERVICE), "gone after a kill");
    const known = lab.knownAt(NAME, "gone");
    killToKnown.push(known - began);
    knownToGone.push(gone.at - known);
    killToGone.push(gone.at - began);
    await proxy?.spawn();
    await clusters.until(({ text }) => lab.isServed(text, SERVICE), "back after a kill");
  }
  clusters.close();
  return { killToKnown, knownToGone, killToGone };
}

export async function startInstance(lab: Lab): Promise<number> {
  const port = await lab.backend(NAME, SERVICE, ADDRESS.backend);
  const requests = lab.requests(SERVICE);
  await requests.until(({ text }) => text === NAME, "the first answer");
  requests.close();
  return port;
}
