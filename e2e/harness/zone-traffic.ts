/** A global and zones with real Envoys: workloads that say their names, sidecars, doors. Addresses are of the loopback range, one for each proxy. */
import { createServer, get, type Server } from "node:http";
import type { JsonObject } from "@isthmus/std";
import { freePorts } from "@isthmus/testkit";
import { Deployment, type DeploymentOptions } from "./deployment.ts";
import { EnvoyProxy } from "./envoy-proxy.ts";

export const INGRESS_PORT = 10_001;
export const EGRESS_PORT = 10_002;
export const INBOUND_PORT = 8080;

type Named = JsonObject & { readonly name: string };

export interface SidecarOptions {
  readonly address: string;
  /** Value of `kuma.io/service`. */
  readonly service: string;
  /** Of the workload. */
  readonly servicePort: number;
  /** By default `http`. */
  readonly protocol?: string;
  /** Further members of the inbound, of `networking`, of the Dataplane. */
  readonly inbound?: JsonObject;
  readonly moreInbounds?: readonly JsonObject[];
  readonly networking?: JsonObject;
  readonly dataplane?: JsonObject;
}

export class ZoneTraffic {
  readonly deployment: Deployment;
  readonly proxies = new Map<string, EnvoyProxy>();
  readonly #dpPorts: ReadonlyMap<string, number>;
  readonly #servers = new Map<string, Server>();

  private constructor(deployment: Deployment, dpPorts: ReadonlyMap<string, number>) {
    this.deployment = deployment;
    this.#dpPorts = dpPorts;
  }

  /** Zone proxies need no tokens. `settings`: further ones of every zone. */
  static async start(zones: readonly string[], settings: DeploymentOptions["zone"] = {}): Promise<ZoneTraffic> {
    const ports = await freePorts(zones.length);
    const dpPorts = new Map(zones.map((zone, i) => [zone, ports[i] ?? 0]));
    const deployment = await Deployment.prepare({
      zones,
      zone: { "dpServer.authn.zoneProxy.type": "none", ...settings },
    });
    await deployment.global.start();
    const traffic = new ZoneTraffic(deployment, dpPorts);
    for (const zone of zones) await traffic.startZone(zone);
    await deployment.converged();
    return traffic;
  }

  /** Proxies find it where it was. */
  async startZone(name: string): Promise<void> {
    await this.deployment.zone(name).start({ "dpServer.port": this.#dpPorts.get(name) ?? 0 });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.proxies.values()].map((proxy) => proxy.kill()));
    for (const server of this.#servers.values()) end(server);
    await this.deployment.stop();
  }

  /** A workload that answers with its name, on a free port unless told; its port. */
  async workload(name: string, port?: number): Promise<number> {
    const [free = 0] = port === undefined ? await freePorts(1) : [port];
    const server = createServer((_request, response) => void response.end(name));
    this.#servers.set(name, server);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(free, "127.0.0.1", resolve);
    });
    return free;
  }

  /** Nobody listens where it was. */
  endWorkload(name: string): void {
    const server = this.#servers.get(name);
    if (server !== undefined) end(server);
  }

  /** A sidecar and its workload, of one name; the port of the workload. */
  async instance(zone: string, name: string, options: Omit<SidecarOptions, "servicePort">): Promise<number> {
    const servicePort = await this.workload(name);
    const resource = sidecar(name, { ...options, servicePort });
    await this.proxy(zone, "dataplane", resource, { address: options.address, port: INBOUND_PORT });
    return servicePort;
  }

  async ingress(zone: string, address: string, name = `ingress-${zone}`): Promise<void> {
    const place = { address, port: INGRESS_PORT };
    const networking = { ...place, advertisedAddress: address, advertisedPort: INGRESS_PORT };
    await this.proxy(zone, "ingress", { type: "ZoneIngress", name, networking }, place);
  }

  async egress(zone: string, address: string): Promise<void> {
    const networking = { address, port: EGRESS_PORT };
    await this.proxy(zone, "egress", { type: "ZoneEgress", name: `egress-${zone}`, networking }, networking);
  }

  async proxy(
    zoneName: string,
    proxyType: "dataplane" | "ingress" | "egress",
    resource: Named,
    listens: { readonly address: string; readonly port: number },
  ): Promise<void> {
    const zone = this.deployment.zone(zoneName);
    const dpPort = this.#dpPorts.get(zoneName) ?? 0;
    const proxy = await EnvoyProxy.create({ zone, dpPort, proxyType, resource, listens });
    // Known before it runs: one that never listens is ended as well.
    this.proxies.set(resource.name, proxy);
    await proxy.spawn();
    await proxy.listening();
  }

  /** Writes to the global; everything but the path is read from the resource. */
  async put(path: string, resource: JsonObject): Promise<void> {
    const [, mesh] = /^meshes\/([^/]+)\//.exec(path) ?? [];
    const name = path.slice(path.lastIndexOf("/") + 1);
    await this.deployment.global.api.put(path, { ...(mesh === undefined ? {} : { mesh }), name, ...resource });
  }

  async permission(action: "Allow" | "Deny"): Promise<void> {
    await this.put("meshes/default/meshtrafficpermissions/all", {
      type: "MeshTrafficPermission",
      spec: { targetRef: { kind: "Mesh" }, from: [{ targetRef: { kind: "Mesh" }, default: { action } }] },
    });
  }

  /** Of all services of one name. */
  async multiZoneService(name: string, appProtocol = "http", port = INBOUND_PORT): Promise<void> {
    await this.put(`meshes/default/meshmultizoneservices/${name}`, {
      type: "MeshMultiZoneService",
      spec: {
        selector: { meshService: { matchLabels: { "kuma.io/display-name": name } } },
        ports: [{ port, appProtocol }],
      },
    });
  }
}

export function sidecar(name: string, options: SidecarOptions): Named {
  const { address, service, servicePort, protocol = "http" } = options;
  const tags = { "kuma.io/service": service, "kuma.io/protocol": protocol };
  const inbound = { port: INBOUND_PORT, servicePort, serviceAddress: "127.0.0.1", tags, ...options.inbound };
  const networking = { address, inbound: [inbound, ...(options.moreInbounds ?? [])], ...options.networking };
  return { type: "Dataplane", mesh: "default", name, networking, ...options.dataplane };
}

/** A service by the zone it is of, as backendRefs name it. */
export function serviceOf(zone: string, name: string, port = INBOUND_PORT): JsonObject {
  return { kind: "MeshService", labels: { "kuma.io/display-name": name, "kuma.io/zone": zone }, port };
}

export function multiZoneServiceOf(name: string, port = INBOUND_PORT): JsonObject {
  return { kind: "MeshMultiZoneService", labels: { "kuma.io/display-name": name }, port };
}

/** The answer, each time over a connection of its own; or why there is none, beginning with `failed` where it is no answer of a workload. */
export function ask(address: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const failed = (why: string): void => resolve(`failed: ${why}`);
    const request = get({ host: address, port, agent: false, timeout: 5_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", (error) => failed(error.message));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(text);
        else failed(`${response.statusCode} ${text}`);
      });
    });
    request.on("timeout", () => request.destroy(new Error("no answer within 5 s")));
    request.on("error", (error) => failed(error.message));
  });
}

export async function askMany(address: string, port: number, count: number): Promise<readonly string[]> {
  const answers: string[] = [];
  for (let i = 0; i < count; i += 1) answers.push(await ask(address, port));
  return answers;
}

function end(server: Server): void {
  server.closeAllConnections();
  server.close();
}
