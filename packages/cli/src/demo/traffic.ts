/** Services and proxies of the demo as processes, and requests that show which zone answers. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isJsonObject, parseJson } from "@isthmus/std";
import { DemoChild, ownCommand } from "./child.ts";
import type { DemoProcess } from "./layout.ts";
import { clientFor } from "./measure.ts";
import { type DemoProxy, type DemoService, type DemoTraffic, proxyArguments } from "./traffic-layout.ts";

const REQUEST_TIMEOUT_MS = 5_000;
const TOKEN_VALID_FOR = "24h";
const FAILED = "failed";

/** A way of requests: of the service web of one zone, through its sidecar. */
export interface Route {
  readonly label: string;
  readonly url: string;
  /** Zone of the caller. */
  readonly zone: string;
  /** To the backends of all zones, or to those of the other one. */
  readonly isToAll: boolean;
}

/** How many requests each zone answered. */
export type Answers = ReadonlyMap<string, number>;

export class Traffic {
  readonly routes: readonly Route[];
  readonly #layout: DemoTraffic;
  readonly #samples: string;
  readonly #envoy: string;
  readonly #services: DemoChild[] = [];
  readonly #proxies = new Map<DemoProxy, DemoChild>();

  constructor(layout: DemoTraffic, samples: string, envoy: string) {
    this.#layout = layout;
    this.#samples = samples;
    this.#envoy = envoy;
    const webs = layout.services.filter(({ name }) => name === "web");
    this.routes = webs.flatMap((web) => routesOf(web, webs.find(({ zone }) => zone !== web.zone)?.zone));
  }

  get zones(): readonly string[] {
    return this.routes.filter(({ isToAll }) => isToAll).map(({ zone }) => zone);
  }

  /** Resolves when every proxy has its configuration. @throws with the end of a log when one does not get there */
  async start(global: DemoProcess): Promise<void> {
    for (const service of this.#layout.services) this.#services.push(this.#startService(service));
    await Promise.all(this.#services.map((service) => service.ready()));
    await Promise.all(this.#layout.proxies.map((proxy) => this.#startProxy(proxy, global)));
  }

  /** Stops the sidecar of a zone's backend, as who runs it would. */
  async stopBackend(zone: string): Promise<void> {
    for (const [proxy, child] of this.#proxies) if (isBackendOf(proxy, zone)) await child.stop();
  }

  async startBackend(zone: string, global: DemoProcess): Promise<void> {
    for (const proxy of this.#layout.proxies) if (isBackendOf(proxy, zone)) await this.#startProxy(proxy, global);
  }

  /** One request; the zone that answered. */
  async ask({ url }: Route): Promise<string> {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
      const answer = parseJson(await response.text());
      const zone = answer.ok && isJsonObject(answer.value) ? answer.value["zone"] : undefined;
      return response.ok && typeof zone === "string" ? zone : FAILED;
    } catch {
      return FAILED;
    }
  }

  async askMany(route: Route, count: number): Promise<Answers> {
    const answers: string[] = [];
    for (let i = 0; i < count; i += 1) answers.push(await this.ask(route));
    return countOf(answers);
  }

  ended(): readonly string[] {
    return [...this.#services, ...this.#proxies.values()].filter((child) => child.hasEnded).map(({ name }) => name);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.stop(true)));
    await Promise.all(this.#services.map((service) => service.stop()));
  }

  kill(): void {
    for (const child of [...this.#proxies.values(), ...this.#services]) child.kill();
  }

  #startService({ name, zone, folder, url, args }: DemoService): DemoChild {
    return new DemoChild({
      name: `${name} of ${zone}`,
      folder,
      logName: `${name}.log`,
      args: [join(this.#samples, "service.mjs"), ...args],
      readyUrl: url,
    });
  }

  async #startProxy(proxy: DemoProxy, global: DemoProcess): Promise<void> {
    const { name, zone, type, tokenFile, readinessPort } = proxy;
    const token =
      type === "dataplane"
        ? await clientFor(zone).dataplaneToken({ name, mesh: "default", validFor: TOKEN_VALID_FOR })
        : await clientFor(global).zoneToken({ zone: zone.name, scope: [type], validFor: TOKEN_VALID_FOR });
    mkdirSync(dirname(tokenFile), { recursive: true });
    writeFileSync(tokenFile, token, { mode: 0o600 });
    const child = new DemoChild({
      name: `proxy ${name} of ${zone.name}`,
      folder: dirname(tokenFile),
      logName: `${name}.log`,
      args: ownCommand(proxyArguments(proxy, this.#samples, this.#envoy)),
      readyUrl: `http://127.0.0.1:${readinessPort}/ready`,
    });
    this.#proxies.set(proxy, child);
    await child.ready();
  }
}

export function countOf(answers: readonly string[]): Answers {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function routesOf(web: DemoService, otherZone: string | undefined): readonly Route[] {
  const { zone } = web;
  const toAll = { label: `web in ${zone} -> backend`, url: `${web.url}call/backend`, zone, isToAll: true };
  const url = `${web.url}call/other`;
  return otherZone === undefined
    ? [toAll]
    : [toAll, { label: `web in ${zone} -> backend of ${otherZone}`, url, zone, isToAll: false }];
}

const isBackendOf = (proxy: DemoProxy, zone: string): boolean =>
  proxy.template === "backend.yaml" && proxy.zone.name === zone;
