/** What the demo shows of requests: which zone answers, what happens when an instance stops, and the same live. */
import colors from "picocolors";
import { CommandError } from "../exit-code.ts";
import type { DemoProcess } from "./layout.ts";
import { type Answers, countOf, type Route, type Traffic } from "./traffic.ts";

/** Requests of each line. */
const REQUESTS = 20;
const LIMIT_MS = 90_000;
/** Between two requests of those that wait for another answer. */
const PAUSE_MS = 20;
const FAILED = "failed";

/** @throws when requests do not get there */
export async function showTraffic(traffic: Traffic, global: DemoProcess): Promise<void> {
  console.log("\nrequests through the sidecars, and the zones that answered:");
  for (const route of traffic.routes) await answered(traffic, route, (zone) => zone !== FAILED);
  for (const route of traffic.routes) console.log(line(route, await traffic.askMany(route, REQUESTS)));

  const caller = traffic.routes.findLast(({ isToAll }) => isToAll);
  if (caller === undefined || traffic.zones.length < 2) return;
  const stopped = traffic.stopBackend(caller.zone);
  const { count, failed, ms } = await answered(traffic, caller, (zone) => zone !== FAILED && zone !== caller.zone);
  await stopped;
  console.log(
    `backend-1 of ${caller.zone} stopped: another zone answered after ${seconds(ms)}, ${failed} of ${count} requests failed until then`,
  );
  console.log(line(caller, await traffic.askMany(caller, REQUESTS)));
  const restarted = traffic.startBackend(caller.zone, global);
  const back = await answered(traffic, caller, (zone) => zone === caller.zone);
  await restarted;
  console.log(`backend-1 of ${caller.zone} runs again: its own zone answered after ${seconds(back.ms)}`);
  console.log(line(caller, await traffic.askMany(caller, REQUESTS)));
}

/** The last requests of each caller, one more with each call. */
export class LiveTraffic {
  readonly #traffic: Traffic;
  readonly #last = new Map<Route, string[]>();

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
  }

  async lines(): Promise<readonly string[]> {
    const routes = this.#traffic.routes.filter(({ isToAll }) => isToAll);
    return Promise.all(
      routes.map(async (route) => {
        const last = this.#last.get(route) ?? [];
        last.push(await this.#traffic.ask(route));
        this.#last.set(route, last.slice(-REQUESTS));
        return line(route, countOf(last.slice(-REQUESTS)));
      }),
    );
  }
}

/** Asks one request after the other until one is answered so. */
async function answered(
  traffic: Traffic,
  route: Route,
  isAsExpected: (zone: string) => boolean,
): Promise<{ readonly count: number; readonly failed: number; readonly ms: number }> {
  const started = performance.now();
  let failed = 0;
  for (let count = 1; ; count += 1) {
    const zone = await traffic.ask(route);
    const ms = performance.now() - started;
    if (isAsExpected(zone)) return { count, failed, ms };
    if (zone === FAILED) failed += 1;
    await new Promise((done) => setTimeout(done, PAUSE_MS));
    if (ms > LIMIT_MS) throw new CommandError(`${route.label}: not answered as expected within ${seconds(LIMIT_MS)}`);
  }
}

function line({ label }: Route, answers: Answers): string {
  const counts = [...answers].map(([zone, count]) =>
    zone === FAILED ? colors.red(`${FAILED} ${count}`) : `${zone} ${colors.green(String(count))}`,
  );
  return `  ${label.padEnd(32)} ${counts.join(", ")}`;
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
