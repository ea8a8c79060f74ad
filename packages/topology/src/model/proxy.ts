/** A Dataplane as the topology sees it: what it offers, where, and whether it may be sent traffic. */
import type { Labels, Resource } from "@isthmus/resources";

export type InboundState = "Ready" | "NotReady" | "Ignored";

export interface Inbound {
  /** Its name, or the decimal port. */
  readonly section: string;
  /** Undefined when the inbound has no name of its own. */
  readonly name: string | undefined;
  /** Port of the Envoy listener. */
  readonly port: number;
  /** Address that others send to: advertised address, else the inbound's, else the proxy's. */
  readonly address: string;
  /** Address that the proxy listens on: the inbound's, else the proxy's. */
  readonly listenAddress: string;
  /** Of the workload behind it; the listener's own unless given. */
  readonly workload: { readonly address: string; readonly port: number };
  readonly tags: Labels;
  /** The field `protocol`, else the tag `kuma.io/protocol`; one that is not known counts as `tcp`, as does none. */
  readonly protocol: string;
  /** As `protocol`, but of the field alone. */
  readonly ownProtocol: string;
  readonly state: InboundState;
  /** `Ready`, and `health` unset or ready. */
  readonly isHealthy: boolean;
}

/** A zone proxy that is part of a mesh: `networking.listeners[]`. */
export interface ZoneListener {
  readonly kind: "ZoneIngress" | "ZoneEgress";
  readonly section: string;
  readonly address: string;
  readonly port: number;
  readonly isReady: boolean;
}

export interface ProxyOutbound {
  readonly address: string;
  readonly port: number;
  /** `kuma.io/service` and others; empty with a backend reference. */
  readonly tags: Labels;
  readonly backendRef:
    | { readonly kind: string; readonly name: string; readonly labels: Labels; readonly port: number | undefined }
    | undefined;
}

export interface Proxy {
  readonly resource: Resource;
  readonly mesh: string;
  readonly name: string;
  readonly labels: Labels;
  /** Zone of the proxy: label `kuma.io/zone`, else the tag of an inbound, else "". */
  readonly zone: string;
  readonly address: string;
  readonly inbounds: readonly Inbound[];
  readonly gateway: { readonly type: "DELEGATED" | "BUILTIN"; readonly tags: Labels } | undefined;
  readonly listeners: readonly ZoneListener[];
  readonly outbounds: readonly ProxyOutbound[];
  readonly isTransparent: boolean;
  /** Values of `kuma.io/service`; `["*"]` or undefined: all. */
  readonly reachableServices: readonly string[] | undefined;
  readonly reachableBackends: readonly ReachableBackend[] | undefined;
  /** What of the resource is malformed and left out of the view. */
  readonly problems: readonly string[];
}

export interface ReachableBackend {
  readonly kind: string;
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly port: number | undefined;
  readonly labels: Labels;
}
