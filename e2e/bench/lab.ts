/**
 * What the figures are taken on: a global and the zones east and west on lmdb, an ingress in east, the sidecar of a client in west. All times
 * are of `performance.now()` of this process, in milliseconds; times of log lines are brought to it.
 */
import { multiZoneServiceOf, sidecar, ZoneTraffic } from "../harness/zone-traffic.ts";
import { pause, type Target, Watch } from "./watch.ts";

export const ADDRESS = {
  ingress: "127.0.41.10",
  backend: "127.0.41.11",
  first: "127.0.41.12",
  pair: ["127.0.41.13", "127.0.41.14"],
  client: "127.0.41.20",
} as const;
const FIRST_PORT = 20_001;
/** What east writes of a Dataplane, each after it is stored. */
const KNOWN = {
  reported: { message: "inbounds of a proxy became ready or not ready", of: (name: string) => `"default/${name}"` },
  gone: { message: "a proxy is gone", of: (name: string) => `"Dataplane default/${name}"` },
} as const;
const POLL_MS = 20;
/** A workload that refuses connections is found at the next check, once a second, as it comes by default. */
const PROBE = { serviceProbe: { tcp: {} } };

export class Lab {
  readonly traffic: ZoneTraffic;
  readonly services: readonly string[];

  private constructor(traffic: ZoneTraffic, services: readonly string[]) {
    this.traffic = traffic;
    this.services = services;
  }

  /** The client has an outbound to the multi-zone service of each name; services have no instances yet. */
  static async start(services: readonly string[]): Promise<Lab> {
    const traffic = await ZoneTraffic.start(["east", "west"]);
    const lab = new Lab(traffic, services);
    try {
      await traffic.put("meshes/default", {
        type: "Mesh",
        mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] },
        meshServices: { mode: "Exclusive" },
      });
      await traffic.permission("Allow");
      for (const service of services) await traffic.multiZoneService(service);
      await traffic.ingress("east", ADDRESS.ingress);
      await lab.#client();
      return lab;
    } catch (error) {
      await traffic.stop();
      throw error;
    }
  }

  stop(): Promise<void> {
    return this.traffic.stop();
  }

  /** Requests of the client to a service. */
  requests(service: string): Watch {
    return new Watch({ host: ADDRESS.client, port: this.outboundPort(service), path: "/" });
  }

  outboundPort(service: string): number {
    return FIRST_PORT + this.services.indexOf(service);
  }

  /** The admin interface of the client's Envoy. */
  admin(path: string): Watch {
    return new Watch(this.adminTarget("web", path));
  }

  adminTarget(proxy: string, path: string): Target {
    return { socketPath: this.traffic.proxies.get(proxy)?.adminSocket ?? "", path };
  }

  /** A sidecar in east whose workload is checked, or is not; the port of the workload. */
  async backend(name: string, service: string, address: string, isChecked = true): Promise<number> {
    const inbound = isChecked ? PROBE : {};
    return this.traffic.instance("east", name, { address, service, inbound });
  }

  /** Whether the client's Envoy sends to east for the service, in the answer of `/clusters`. */
  isServed(clusters: string, service: string): boolean {
    const cluster = `default_${service}__`;
    const door = `::${ADDRESS.ingress}:`;
    return clusters.split("\n").some((line) => line.startsWith(cluster) && line.includes(door));
  }

  /** When east wrote that the readiness of an instance changed, by a report or because it is gone; the last time. */
  knownAt(dataplane: string, how: keyof typeof KNOWN = "reported"): number {
    const { message, of } = KNOWN[how];
    const lines = this.traffic.deployment.zone("east").log().split("\n");
    const line = lines.findLast((line) => line.includes(message) && line.includes(of(dataplane)));
    if (line === undefined) throw new Error(`east never wrote of ${dataplane}: ${message}`);
    const { time } = JSON.parse(line) as { readonly time: string };
    return Date.parse(time) - (Date.now() - performance.now());
  }

  /** All proxies of east were reached, so that a death would be seen. */
  async reachable(): Promise<void> {
    const east = this.traffic.deployment.zone("east");
    const isReached = async (): Promise<boolean> => {
      const metrics = await east.metrics();
      const [all, reached] = ["xds_streams_active", "isthmus_proxies_reachable"].map(
        (name) => new RegExp(`^${name}\\S* (\\d+)$`, "m").exec(metrics)?.[1],
      );
      return all !== undefined && all === reached;
    };
    while (!(await isReached())) await pause(POLL_MS);
  }

  async #client(): Promise<void> {
    const outbound = this.services.map((service) => ({
      address: ADDRESS.client,
      port: this.outboundPort(service),
      backendRef: multiZoneServiceOf(service),
    }));
    const servicePort = await this.traffic.workload("web");
    const networking = { outbound };
    const resource = sidecar("web", { address: ADDRESS.client, service: "web", servicePort, networking });
    await this.traffic.proxy("west", "dataplane", resource, { address: ADDRESS.client, port: FIRST_PORT });
  }
}
