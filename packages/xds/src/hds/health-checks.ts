/**
 * What an Envoy is asked to check for the control plane: itself, and the application behind each inbound that has a probe.
 * Source: kuma v2.14.3: pkg/hds/tracker/healthcheck_generator.go.
 */
import { isIP } from "node:net";
import { messageOf, numberOf, objectOf, objectsOf, type Resource, textOf } from "@isthmus/resources";
import { goDurationToMs, type JsonObject, parseGoDuration } from "@isthmus/std";
import type { NodeMetadata } from "../node/node-metadata.ts";

/** Names of the cluster that stands for Envoy itself. */
export const ENVOY_ADMIN_CLUSTERS: readonly string[] = ["kuma:envoy:admin", "system_envoy_admin"];
const FEATURE_UNIFIED_NAMES = "feature-unified-resource-naming";
const FEATURE_PROXY_IN_METADATA = "feature-transparent-proxy-in-dataplane-metadata";
/** Source address that the rules of a transparent proxy let through to the application. */
const PASS_THROUGH = { 4: "127.0.0.6", 6: "::6" } as const;

export interface HealthSettings {
  /** How often Envoy reports, at least. Kuma: 5 s. */
  readonly intervalMs: number;
  /** Of checks whose probe does not say. */
  readonly timeoutMs: number;
  readonly checkIntervalMs: number;
  readonly noTrafficIntervalMs: number;
  /** How soon what is not healthy is checked again, where that is sooner. Kuma: no sooner. */
  readonly retryIntervalMs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  /** Where the resource names no admin port. */
  readonly adminPort: number;
}

/** Kuma's defaults, but for the interval of reports and of checks of what is not healthy. */
export const HEALTH_DEFAULTS: HealthSettings = {
  intervalMs: 1_000,
  timeoutMs: 2_000,
  checkIntervalMs: 1_000,
  noTrafficIntervalMs: 1_000,
  retryIntervalMs: 100,
  healthyThreshold: 1,
  unhealthyThreshold: 1,
  adminPort: 9901,
};

export type CheckedAddress =
  | { readonly kind: "pipe"; readonly path: string }
  | { readonly kind: "socket"; readonly address: string; readonly port: number };

export interface ClusterCheck {
  readonly cluster: string;
  readonly address: CheckedAddress;
  /** Undefined: a TCP connection is enough. */
  readonly httpPath: string | undefined;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  /** While no connection was counted, which differs by the kind of the check. */
  readonly noTrafficIntervalMs: number;
  readonly retryIntervalMs: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  /** Undefined: whatever the host chooses. */
  readonly sourceAddress: string | undefined;
}

export interface HealthChecks {
  readonly reportIntervalMs: number;
  readonly checks: readonly ClusterCheck[];
}

export function healthChecksOf(
  { spec }: Pick<Resource, "spec">,
  metadata: NodeMetadata,
  settings: HealthSettings,
): HealthChecks {
  const networking = objectOf(spec, "networking");
  const inbounds = objectsOf(networking, "inbound");
  const isProxied = isTransparentlyProxied(networking, metadata);
  const checks = inbounds.flatMap((inbound) => {
    const probe = messageOf(inbound, "serviceProbe");
    return probe === undefined ? [] : [applicationCheck(networking, inbound, probe, isProxied, settings)];
  });
  return { reportIntervalMs: settings.intervalMs, checks: [envoyCheck(networking, metadata, settings), ...checks] };
}

/** Where the application behind an inbound listens. Source: kuma v2.14.3: api/mesh/v1alpha1/dataplane_helpers.go. */
export function workloadOf(
  networking: JsonObject,
  inbound: JsonObject,
): { readonly address: string; readonly port: number } {
  const addresses = [textOf(inbound, "serviceAddress"), textOf(inbound, "address"), textOf(networking, "address")];
  const servicePort = numberOf(inbound, "servicePort");
  return {
    address: addresses.find((address) => address !== "") ?? "",
    port: servicePort === 0 ? numberOf(inbound, "port") : servicePort,
  };
}

export function applicationCluster(port: number): string {
  return `localhost:${port}`;
}

/** While Envoy drains, its admin interface says so, and no request should come to it any more. */
function envoyCheck(networking: JsonObject, metadata: NodeMetadata, settings: HealthSettings): ClusterCheck {
  const { socketPath } = metadata.admin;
  const ownPort = numberOf(objectOf(networking, "admin"), "port");
  const [legacy = "", unified = ""] = ENVOY_ADMIN_CLUSTERS;
  return {
    cluster: metadata.features.has(FEATURE_UNIFIED_NAMES) ? unified : legacy,
    address:
      socketPath === ""
        ? { kind: "socket", address: "127.0.0.1", port: ownPort === 0 ? settings.adminPort : ownPort }
        : { kind: "pipe", path: socketPath },
    httpPath: "/ready",
    timeoutMs: settings.timeoutMs,
    intervalMs: settings.checkIntervalMs,
    noTrafficIntervalMs: settings.noTrafficIntervalMs,
    retryIntervalMs: settings.retryIntervalMs,
    healthyThreshold: settings.healthyThreshold,
    unhealthyThreshold: settings.unhealthyThreshold,
    sourceAddress: undefined,
  };
}

function applicationCheck(
  networking: JsonObject,
  inbound: JsonObject,
  probe: JsonObject,
  isProxied: boolean,
  settings: HealthSettings,
): ClusterCheck {
  const { address, port } = workloadOf(networking, inbound);
  const isLoopback = address === "127.0.0.1" || address === "::1";
  return {
    cluster: applicationCluster(port),
    address: { kind: "socket", address, port },
    httpPath: undefined,
    timeoutMs: durationOf(probe, "timeout") ?? settings.timeoutMs,
    intervalMs: durationOf(probe, "interval") ?? settings.checkIntervalMs,
    noTrafficIntervalMs: settings.noTrafficIntervalMs,
    retryIntervalMs: settings.retryIntervalMs,
    healthyThreshold: thresholdOf(probe, "healthyThreshold") ?? settings.healthyThreshold,
    unhealthyThreshold: thresholdOf(probe, "unhealthyThreshold") ?? settings.unhealthyThreshold,
    sourceAddress: isProxied && !isLoopback ? PASS_THROUGH[isIP(address) === 6 ? 6 : 4] : undefined,
  };
}

/** Source: kuma v2.14.3: pkg/transparentproxy/config/dataplane/config_dataplane.go (GetDataplaneConfig, Enabled). */
function isTransparentlyProxied(networking: JsonObject, { features, transparentProxy }: NodeMetadata): boolean {
  if (features.has(FEATURE_PROXY_IN_METADATA)) {
    if (transparentProxy === undefined) return false;
    if (textOf(transparentProxy, "ipFamilyMode") === "ipv4" && isIP(textOf(networking, "address")) !== 4) return false;
    const redirect = objectOf(transparentProxy, "redirect");
    return ["inbound", "outbound"].some((name) => objectOf(redirect, name)["enabled"] === true);
  }
  const proxying = objectOf(networking, "transparentProxying");
  return numberOf(proxying, "redirectPortInbound") > 0 || numberOf(proxying, "redirectPortOutbound") > 0;
}

function durationOf(probe: JsonObject, name: string): number | undefined {
  const text = textOf(probe, name);
  if (text === "") return undefined;
  const parsed = parseGoDuration(text);
  return parsed.ok ? goDurationToMs(parsed.value) : undefined;
}

/** A wrapped number: 0 is a value of its own. */
function thresholdOf(probe: JsonObject, name: string): number | undefined {
  const value = probe[name];
  return typeof value === "number" ? value : undefined;
}
