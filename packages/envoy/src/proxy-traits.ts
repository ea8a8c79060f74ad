/** What a proxy is able to do and where its own parts listen, as its Envoy says in the metadata of its node. */

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
  readonly accessLogSocketPath: string;
  /** Ports that traffic is redirected to, where the runner says so instead of the Dataplane. */
  readonly transparentProxy: { readonly inboundPort: number; readonly outboundPort: number } | undefined;
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

export const NO_TRAITS: ProxyTraits = {
  features: new Set(),
  supportsIpv6: true,
  admin: undefined,
  readiness: undefined,
  dnsPort: undefined,
  systemCaPath: "",
  workDir: "",
  accessLogSocketPath: "",
  transparentProxy: undefined,
};
