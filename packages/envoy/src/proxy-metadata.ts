/**
 * Traits of a proxy from the metadata of its node, as kuma-dp fills it in. What is malformed counts as absent.
 * Source: kuma v2.14.3: pkg/core/xds/metadata.go.
 */
import { flagOf, messageOf, numberOf, objectOf, textOf, textsOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { AdminTls, ProxyTraits, Redirection, Socket } from "./proxy-traits.ts";
import { accessLogSocket, metricsSocket } from "./sockets.ts";

const LOOPBACK = "127.0.0.1";
const IPV4_ONLY = "ipv4";
/**
 * Where an admin API may be, and where it is reached then. The metadata are the proxy's own words: any other address would make it a
 * way to other hosts. Source: kuma v2.14.3: pkg/xds/generator/admin_proxy_generator.go.
 */
const ADMIN_ADDRESSES: ReadonlyMap<string, string> = new Map([
  ["", LOOPBACK],
  [LOOPBACK, LOOPBACK],
  ["0.0.0.0", LOOPBACK],
  ["::", "::1"],
  ["::1", "::1"],
]);

/** `id`: name and mesh of the proxy. `adminTls`: what the control plane proves itself with. */
export function traitsOf(metadata: JsonObject, id: ProxyId, adminTls?: AdminTls): ProxyTraits {
  const workDir = textOf(metadata, "workdir");
  return {
    features: new Set(textsOf(metadata, "features")),
    supportsIpv6: metadata.ipv6Enabled !== false,
    admin: adminOf(metadata, adminTls),
    readiness: readinessOf(metadata),
    dnsPort: portOf(metadata, "dataplane.dns.port"),
    systemCaPath: textOf(metadata, "systemCaPath"),
    workDir,
    accessLogSocketPath: accessLogSocket(workDir, id),
    metricsSocketPath: metricsSocket(workDir, id),
    metricsTls: metricsTlsOf(metadata),
    hostAddress: textOf(objectOf(metadata, "dynamicMetadata"), "HOST_IP"),
    telemetryEnvironment: messageOf(metadata, "otelEnvInventory"),
    transparentProxy: redirectionOf(metadata),
  };
}

export interface ProxyId {
  readonly mesh: string;
  readonly name: string;
}

function adminOf(metadata: JsonObject, tls: AdminTls | undefined): ProxyTraits["admin"] {
  const port = portOf(metadata, "dataplane.admin.port");
  const path = textOf(metadata, "dataplane.admin.socketPath");
  if (port === undefined) return undefined;
  const address = ADMIN_ADDRESSES.get(textOf(metadata, "dataplane.admin.address"));
  if (address === undefined) return undefined;
  const socket: Socket = path === "" ? { kind: "tcp", address, port } : { kind: "pipe", path };
  return { socket, port, tls };
}

function readinessOf(metadata: JsonObject): Socket | undefined {
  const port = portOf(metadata, "dataplane.readinessReporter.port");
  return port === undefined ? undefined : { kind: "tcp", address: LOOPBACK, port };
}

function metricsTlsOf(metadata: JsonObject): ProxyTraits["metricsTls"] {
  const certificatePath = textOf(metadata, "metricsCertPath");
  const keyPath = textOf(metadata, "metricsKeyPath");
  return certificatePath === "" || keyPath === "" ? undefined : { certificatePath, keyPath };
}

function redirectionOf(metadata: JsonObject): Redirection | undefined {
  const transparent = objectOf(metadata, "transparentProxy");
  const redirect = objectOf(transparent, "redirect");
  const outbound = objectOf(redirect, "outbound");
  const inbound = objectOf(redirect, "inbound");
  const outboundPort = numberOf(outbound, "port");
  if (!flagOf(outbound, "enabled") || outboundPort <= 0) return undefined;
  const hasIpv6 = textOf(transparent, "ipFamilyMode") !== IPV4_ONLY;
  return { outboundPort, inboundPort: numberOf(inbound, "port"), hasIpv6 };
}

/** Ports are texts there. */
function portOf(metadata: JsonObject, member: string): number | undefined {
  const port = Number(textOf(metadata, member));
  return Number.isInteger(port) && port > 0 && port <= 65535 ? port : undefined;
}
