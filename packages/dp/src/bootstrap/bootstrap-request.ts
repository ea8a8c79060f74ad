/** What the control plane is told of a proxy. Source: kuma v2.14.3: app/kuma-dp/pkg/dataplane/envoy/remote_bootstrap.go. */
import { BUILD_VERSION } from "@isthmus/runtime/identity";
import type { JsonObject } from "@isthmus/std";
import type { EnvoyVersion } from "../envoy-binary.ts";
import type { DpSettings } from "../settings/read-settings.ts";
import { type TransparentProxy, transparentProxyValue } from "../settings/transparent-proxy.ts";

export interface ProxyFacts {
  readonly mesh: string;
  readonly name: string;
  /** JSON text of the resource; "": the control plane has it. */
  readonly resource: string;
  readonly token: string;
  /** File with that token; "": none. */
  readonly tokenPath: string;
  /** PEM. */
  readonly caCert: string;
  readonly workDir: string;
  readonly readinessPort: number;
  readonly envoy: EnvoyVersion;
  /** Undefined: only what the resource says. */
  readonly transparentProxy: TransparentProxy | undefined;
  /** Where names of the mesh are answered; 0: nowhere. */
  readonly dnsPort: number;
  /** Logs for backends over TCP are read from the named pipe. */
  readonly hasLogPipe: boolean;
  readonly system: SystemFacts;
}

export interface SystemFacts {
  readonly platform: string;
  readonly hasIpv6: boolean;
  /** "": not found. */
  readonly systemCaPath: string;
  /** Limit of the control group; 0: none. */
  readonly memoryLimitBytes: number;
  /** Of the node that a container runs on; "": not told. */
  readonly hostIp: string;
}

export function bootstrapRequest(settings: DpSettings, facts: ProxyFacts): JsonObject {
  const { system, envoy, dnsPort, transparentProxy } = facts;
  const whereSet = (name: string, value: string): JsonObject => (value === "" ? {} : { [name]: value });
  return {
    mesh: facts.mesh,
    name: facts.name,
    proxyType: settings.proxyType,
    ...whereSet("dataplaneToken", facts.token),
    ...whereSet("dataplaneTokenPath", facts.tokenPath),
    ...whereSet("dataplaneResource", facts.resource),
    version: {
      kumaDp: { ...BUILD_VERSION },
      envoy: { version: envoy.version, build: envoy.build, kumaDpCompatible: envoy.isCompatible },
    },
    caCert: facts.caCert,
    dynamicMetadata: whereSet("HOST_IP", system.hostIp),
    ...(dnsPort === 0 ? {} : { dnsPort }),
    readinessPort: facts.readinessPort,
    operatingSystem: system.platform,
    features: [...featuresOf(settings, facts)],
    resources: { maxHeapSizeBytes: settings.maxMemoryBytes || system.memoryLimitBytes },
    workdir: facts.workDir,
    metricsResources: { certPath: settings.metricsCertPath, keyPath: settings.metricsKeyPath },
    systemCaPath: settings.systemCaPath || system.systemCaPath,
    ...(transparentProxy === undefined
      ? {}
      : { dataplaneConfig: transparentProxyValue(transparentProxy, { enabled: dnsPort > 0, port: dnsPort }) }),
    ipv6Enabled: settings.isIpv6Wanted && system.hasIpv6,
    spireResources: { socketPath: "" },
  };
}

/** Only what this runner does: a control plane relies on it. */
export function featuresOf(
  settings: DpSettings,
  { hasLogPipe, dnsPort, transparentProxy }: Pick<ProxyFacts, "hasLogPipe" | "dnsPort" | "transparentProxy">,
): readonly string[] {
  const features: readonly (readonly [string, boolean])[] = [
    ["feature-tcp-accesslog-via-named-pipe", hasLogPipe],
    ["feature-embedded-dns", dnsPort > 0],
    ["feature-transparent-proxy-in-dataplane-metadata", transparentProxy !== undefined],
    ["feature-bind-outbounds", settings.bindsOutbounds],
    ["feature-delta-grpc", settings.isDelta],
    ["feature-unified-resource-naming", settings.hasUnifiedNames],
    ["feature-strict-inbound-ports", settings.hasStrictInboundPorts],
    ["feature-reuse-port", settings.reusesPorts],
  ];
  return features.filter(([, isOn]) => isOn).map(([name]) => name);
}
