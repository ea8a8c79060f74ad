/** What a proxy is able to do and where its own parts listen, as its Envoy says in the metadata of its node. */

import type { JsonObject } from "@isthmus/std";

export interface ProxyTraits {
  /** As the runner announces them, such as `feature-unified-resource-naming`. */
  readonly features: ReadonlySet<string>;
  readonly supportsIpv6: boolean;
  /** Envoy's admin API: a socket file, or a port of an address. Undefined: not offered. */
  readonly admin: AdminApi | undefined;
  /** Where readiness is reported; undefined: nowhere. */
  readonly readiness: Socket | undefined;
  /** Where the embedded or external DNS listens; undefined: there is none. */
  readonly dnsPort: number | undefined;
  /** Path of the system's CA certificates; "" when unknown. */
  readonly systemCaPath: string;
  readonly workDir: string;
  /** Pipe for lines of access logs that the runner sends to TCP addresses. */
  readonly accessLogSocketPath: string;
  /** Where the runner gives out metrics. */
  readonly metricsSocketPath: string;
  /** Files with which metrics are given out over TLS. */
  readonly metricsTls: { readonly certificatePath: string; readonly keyPath: string } | undefined;
  /** Address of the machine, for collectors that run on every one; "" when unknown. */
  readonly hostAddress: string;
  /** What the environment of the runner says about OpenTelemetry; undefined: nothing known. */
  readonly telemetryEnvironment: JsonObject | undefined;
  /** Where traffic is redirected to, where the runner says so instead of the Dataplane. */
  readonly transparentProxy: Redirection | undefined;
}

/** Of a transparent proxy. */
export interface Redirection {
  readonly inboundPort: number;
  readonly outboundPort: number;
  /** IPv6 is redirected as well. */
  readonly hasIpv6: boolean;
}

export type Socket =
  | { readonly kind: "pipe"; readonly path: string }
  | { readonly kind: "tcp"; readonly address: string; readonly port: number };

export interface AdminApi {
  readonly socket: Socket;
  /** Port of the listener through which it is reached from outside. */
  readonly port: number;
  /** Certificates with which the control plane and the proxy know each other; undefined: reached from the machine alone. */
  readonly tls: AdminTls | undefined;
}

/** All PEM. */
export interface AdminTls {
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
  /** Name in the certificate of who may ask. */
  readonly clientName: string;
}

export const REUSE_PORT_FEATURE = "feature-reuse-port";
export const STRICT_INBOUND_PORTS_FEATURE = "feature-strict-inbound-ports";
/** Telemetry for a MeshOpenTelemetryBackend goes through the runner. */
export const TELEMETRY_PIPE_FEATURE = "feature-otel-via-kuma-dp";

export const NO_TRAITS: ProxyTraits = {
  features: new Set(),
  supportsIpv6: true,
  admin: undefined,
  readiness: undefined,
  dnsPort: undefined,
  systemCaPath: "",
  workDir: "",
  accessLogSocketPath: "",
  metricsSocketPath: "",
  metricsTls: undefined,
  hostAddress: "",
  telemetryEnvironment: undefined,
  transparentProxy: undefined,
};
