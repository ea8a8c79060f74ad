/**
 * KB10: the REST API over many resources: one request at a time for latencies, many for what a core can do, then a mixed load
 * under which memory has to stay flat.
 */
import { seededRandom } from "@isthmus/testkit";
import { connectFleet } from "../fleet.ts";
import { HttpClient, inParallel } from "../http-client.ts";
import { cpuSeconds, residentBytes } from "../process-usage.ts";
import { type Distribution, distribution, round } from "../statistics.ts";
import type { System } from "../systems.ts";

const PATH = "/meshes/default/meshtimeouts";
const FILL_WIDTH = 16;
const PAGE = 100;
const GET_WIDTH = 8;
const THROUGHPUT_MS = 10_000;
/** Of the mixed load; an operator's tools and a deployment pipeline at once. */
const MIXED_PER_SECOND = 200;
const SAMPLE_MS = 5_000;

export interface Kb10Result {
  readonly fillSeconds: number;
  readonly get: Distribution;
  readonly list100: Distribution;
  readonly put: Distribution;
  readonly create: Distribution;
  readonly delete: Distribution;
  /** All `zones`, while they are connected. */
  readonly overviewOfZones: Distribution;
  /** 1,000 resources, one after the other. */
  readonly put1000Seconds: number;
  /** Requests of the busiest kind, per second of processor time of the server. */
  readonly getsPerCore: number;
  readonly mixedRequests: number;
  /** After garbage collection: when the mixed load began and ended, and the slope over its second half. */
  readonly mixedFirstMiB: number;
  readonly mixedLastMiB: number;
  readonly mixedMiBPerMinute: number;
}

export async function kb10(
  system: System,
  options: {
    readonly zones: number;
    readonly resources: number;
    readonly trials: number;
    readonly seconds: number;
    readonly seed: number;
  },
): Promise<Kb10Result> {
  const { resources, trials, seconds } = options;
  const random = seededRandom(options.seed);
  const pick = (): number => Math.floor(random() * resources);
  const client = new HttpClient(system.restUrl, FILL_WIDTH);
  const filled = performance.now();
  await inParallel(resources, FILL_WIDTH, (i) => client.expect("PUT", pathOf(i), timeout(i, "15s")));
  const fillSeconds = (performance.now() - filled) / 1000;

  const repeat = async (
    count: number,
    once: (i: number) => Promise<{ readonly ms: number }>,
  ): Promise<Distribution> => {
    for (let i = 0; i < Math.min(20, count); i += 1) await once(i);
    const times: number[] = [];
    for (let i = 0; i < count; i += 1) times.push((await once(i)).ms);
    return distribution(times);
  };
  const get = await repeat(trials, () => client.expect("GET", pathOf(pick())));
  const list100 = await repeat(trials, () => {
    const offset = Math.floor(random() * Math.max(1, resources - PAGE));
    return client.expect("GET", `${PATH}?size=${PAGE}&offset=${offset}`);
  });
  const put = await repeat(trials, (i) => {
    const at = pick();
    return client.expect("PUT", pathOf(at), timeout(at, `${(i % 50) + 1}s`));
  });
  let created = resources;
  const create = await repeat(trials, () => client.expect("PUT", pathOf(++created), timeout(created, "15s")));
  const deletion = await repeat(trials - 20, () => client.expect("DELETE", pathOf(created--)));

  const before = performance.now();
  for (let i = 0; i < 1000; i += 1) await client.expect("PUT", pathOf(i % resources), timeout(i % resources, "20s"));
  const put1000Seconds = (performance.now() - before) / 1000;

  // Connected for this figure alone: what is sent to them would be part of the others.
  const fleet = await connectFleet(system.kdsUrl, options.zones);
  const overviewOfZones = await repeat(trials, () => client.expect("GET", `/zones/_overview?size=${PAGE}`));
  fleet.close();
  const getsPerCore = await throughput(system, client, pick);
  const mixed = await mixedLoad(system, client, seconds, random, pick);
  client.close();
  return {
    fillSeconds: round(fillSeconds),
    get,
    list100,
    put,
    create,
    delete: deletion,
    overviewOfZones,
    put1000Seconds: round(put1000Seconds),
    getsPerCore: Math.round(getsPerCore),
    ...mixed,
  };
}

async function throughput(system: System, client: HttpClient, pick: () => number): Promise<number> {
  const cpuBefore = cpuSeconds(system.pid);
  const end = performance.now() + THROUGHPUT_MS;
  let count = 0;
  await Promise.all(
    Array.from({ length: GET_WIDTH }, async () => {
      while (performance.now() < end) {
        await client.expect("GET", pathOf(pick()));
        count += 1;
      }
    }),
  );
  return count / (cpuSeconds(system.pid) - cpuBefore);
}

type Mixed = Pick<Kb10Result, "mixedRequests" | "mixedFirstMiB" | "mixedLastMiB" | "mixedMiBPerMinute">;

async function mixedLoad(
  system: System,
  client: HttpClient,
  seconds: number,
  random: () => number,
  pick: () => number,
): Promise<Mixed> {
  const started = performance.now();
  const samples: { readonly minutes: number; readonly bytes: number }[] = [];
  const sample = async (): Promise<void> => {
    if (system.collectsOnSignal) process.kill(system.pid, "SIGUSR2");
    await new Promise((resolve) => setTimeout(resolve, 500));
    samples.push({ minutes: (performance.now() - started) / 60_000, bytes: residentBytes(system.pid) });
  };
  await sample();
  let nextSample = started + SAMPLE_MS;
  let count = 0;
  while (performance.now() - started < seconds * 1000) {
    const due = started + (count * 1000) / MIXED_PER_SECOND;
    const wait = due - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    await mixedRequest(client, random(), pick(), count);
    count += 1;
    if (performance.now() > nextSample) {
      nextSample += SAMPLE_MS;
      await sample();
    }
  }
  await sample();
  return {
    mixedRequests: count,
    mixedFirstMiB: round((samples[0]?.bytes ?? 0) / 2 ** 20),
    mixedLastMiB: round((samples.at(-1)?.bytes ?? 0) / 2 ** 20),
    mixedMiBPerMinute: round(slope(samples.slice(Math.floor(samples.length / 2))) / 2 ** 20),
  };
}

async function mixedRequest(client: HttpClient, kind: number, at: number, count: number): Promise<void> {
  if (kind < 0.5) await client.expect("GET", pathOf(at));
  else if (kind < 0.65) await client.expect("GET", `${PATH}?size=${PAGE}&offset=${at}`);
  else if (kind < 0.7) await client.expect("GET", "/zones/_overview");
  else if (kind < 0.75) await client.expect("GET", "/global-insight");
  else if (kind < 0.9) await client.expect("PUT", pathOf(at), timeout(at, `${(count % 50) + 1}s`));
  else {
    const name = `passing-${count}`;
    await client.expect("PUT", `${PATH}/${name}`, { ...timeout(at, "1s"), name });
    await client.expect("DELETE", `${PATH}/${name}`);
  }
}

/** Least squares, bytes per minute. */
function slope(samples: readonly { readonly minutes: number; readonly bytes: number }[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
  const x = mean(samples.map(({ minutes }) => minutes));
  const y = mean(samples.map(({ bytes }) => bytes));
  const covariance = samples.reduce((sum, { minutes, bytes }) => sum + (minutes - x) * (bytes - y), 0);
  const variance = samples.reduce((sum, { minutes }) => sum + (minutes - x) ** 2, 0);
  return variance === 0 ? 0 : covariance / variance;
}

const nameOf = (i: number): string => `timeout-${String(i).padStart(6, "0")}`;
const pathOf = (i: number): string => `${PATH}/${nameOf(i)}`;

function timeout(i: number, requestTimeout: string) {
  return {
    type: "MeshTimeout",
    mesh: "default",
    name: nameOf(i),
    spec: {
      targetRef: { kind: "Mesh" },
      to: [{ targetRef: { kind: "MeshService", name: `service-${i}` }, default: { http: { requestTimeout } } }],
    },
  };
}
