/** Services and proxies of the demo: which processes, on which addresses of the loopback range, so that zones do not collide. */
import { join } from "node:path";
import type { DemoProcess } from "./layout.ts";

/** More zones would be a dozen Envoys more, and show nothing else. */
export const TRAFFIC_ZONES = 2;
/** Second octet of the addresses, moved with the ports. */
const LOWEST_OCTET = 77;
const OCTETS = 150;
const HOSTS = { ingress: 1, egress: 2, backend: 11, web: 21 };
const SERVICE_PORTS = { backend: 18_080, web: 18_081 };
const OUTBOUND_PORTS = { backend: 10_090, other: 10_091 };
/** Of a zone, above its REST port. */
const READINESS_STEP = 10;

export interface DemoService {
  readonly name: string;
  readonly zone: string;
  readonly folder: string;
  readonly url: string;
  /** Of `service.mjs`. */
  readonly args: readonly string[];
}

export interface DemoProxy {
  readonly name: string;
  readonly zone: DemoProcess;
  readonly type: "dataplane" | "ingress" | "egress";
  readonly address: string;
  readonly readinessPort: number;
  /** In the folder of samples. */
  readonly template: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly tokenFile: string;
}

export interface DemoTraffic {
  readonly services: readonly DemoService[];
  readonly proxies: readonly DemoProxy[];
}

/** Of the first zones: a service web that calls a service backend, their sidecars, an ingress and an egress. */
export function trafficLayout(zones: readonly DemoProcess[], portOffset: number): DemoTraffic {
  const some = zones.slice(0, TRAFFIC_ZONES);
  const octet = LOWEST_OCTET + (Math.abs(portOffset) % OCTETS);
  const parts = some.map((zone, i) => {
    const other = some[(i + 1) % some.length] ?? zone;
    return zoneTraffic(zone, other.name, (host) => `127.${octet}.${i + 1}.${host}`);
  });
  return {
    services: parts.flatMap((part) => part.services),
    proxies: parts.flatMap((part) => part.proxies),
  };
}

function zoneTraffic(zone: DemoProcess, otherZone: string, addressOf: (host: number) => string): DemoTraffic {
  const service = (name: "backend" | "web", calls: Readonly<Record<string, number>>): DemoService => {
    const address = addressOf(HOSTS[name]);
    const listen = `${address}:${SERVICE_PORTS[name]}`;
    const called = Object.entries(calls).flatMap(([to, port]) => ["--call", `${to}=http://${address}:${port}/`]);
    return {
      name,
      zone: zone.name,
      folder: join(zone.folder, "services"),
      url: `http://${listen}/`,
      args: ["--name", name, "--zone", zone.name, "--listen", listen, ...called],
    };
  };
  const proxy = (kind: keyof typeof HOSTS, type: DemoProxy["type"], name: string, index: number): DemoProxy => ({
    name,
    zone,
    type,
    address: addressOf(HOSTS[kind]),
    readinessPort: zone.restPort + READINESS_STEP + index,
    template: `${kind}.yaml`,
    variables: { name, address: addressOf(HOSTS[kind]), otherZone },
    tokenFile: join(zone.folder, "proxies", `${name}.token`),
  });
  return {
    services: [service("backend", {}), service("web", OUTBOUND_PORTS)],
    proxies: [
      proxy("ingress", "ingress", `ingress-${zone.name}`, 0),
      proxy("egress", "egress", `egress-${zone.name}`, 1),
      proxy("backend", "dataplane", "backend-1", 2),
      proxy("web", "dataplane", "web-1", 3),
    ],
  };
}

/** Arguments of the `isthmus` command. */
export function proxyArguments(proxy: DemoProxy, samples: string, envoy: string): readonly string[] {
  const { zone, type, template, variables, tokenFile, readinessPort } = proxy;
  const dpPort = zone.ports.find(({ setting }) => setting === "dpServer.port")?.port ?? 0;
  const settings = {
    "cp-address": `https://127.0.0.1:${dpPort}`,
    "ca-cert-file": join(zone.folder, "kuma-cp.crt"),
    "proxy-type": type,
    "dataplane-file": join(samples, template),
    "dataplane-token-file": tokenFile,
    "binary-path": envoy,
    "readiness-port": String(readinessPort),
    "drain-time": "5s",
    concurrency: "1",
    "envoy-log-level": "warn",
  };
  return [
    "dp",
    "run",
    ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    ...Object.entries(variables).flatMap(([name, value]) => ["--dataplane-var", `${name}=${value}`]),
  ];
}
