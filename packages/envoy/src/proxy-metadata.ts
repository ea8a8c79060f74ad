/**
 * Traits of a proxy from the metadata of its node, as kuma-dp fills it in. What is malformed counts as absent.
 * Source: kuma v2.14.3: pkg/core/xds/metadata.go.
 */
import { flagOf, numberOf, objectOf, textOf, textsOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { AdminTls, ProxyTraits, Socket } from "./proxy-traits.ts";

const LOOPBACK = "127.0.0.1";
const ACCESS_LOG_PREFIX = "kuma-al";

/** `id`: name and mesh of the proxy. `adminTls`: what the control plane proves itself with. */
export function traitsOf(metadata: JsonObject, id: ProxyId, adminTls?: AdminTls): ProxyTraits {
  const workDir = textOf(metadata, "workdir");
  return {
    features: new Set(textsOf(metadata, "features")),
    supportsIpv6: flagOf(metadata, "ipv6Enabled"),
    admin: adminOf(metadata, adminTls),
    readiness: readinessOf(metadata),
    dnsPort: portOf(metadata, "dataplane.dns.port"),
    systemCaPath: textOf(metadata, "systemCaPath"),
    workDir,
    accessLogSocketPath: `${workDir}/${ACCESS_LOG_PREFIX}-${id.name}-${id.mesh}.sock`,
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
  const address = textOf(metadata, "dataplane.admin.address") || LOOPBACK;
  const socket: Socket = path === "" ? { kind: "tcp", address, port } : { kind: "pipe", path };
  return { socket, port, tls };
}

function readinessOf(metadata: JsonObject): Socket | undefined {
  const port = portOf(metadata, "dataplane.readinessReporter.port");
  return port === undefined ? undefined : { kind: "tcp", address: LOOPBACK, port };
}

function redirectionOf(metadata: JsonObject): ProxyTraits["transparentProxy"] {
  const redirect = objectOf(objectOf(metadata, "transparentProxy"), "redirect");
  const outbound = objectOf(redirect, "outbound");
  const inbound = objectOf(redirect, "inbound");
  const outboundPort = numberOf(outbound, "port");
  return flagOf(outbound, "enabled") && outboundPort > 0
    ? { outboundPort, inboundPort: numberOf(inbound, "port") }
    : undefined;
}

/** Ports are texts there. */
function portOf(metadata: JsonObject, member: string): number | undefined {
  const port = Number(textOf(metadata, member));
  return Number.isInteger(port) && port > 0 && port <= 65535 ? port : undefined;
}
