/** What a translation works with: the proxy, its world, who it is, and how things are called. */
import type { Policy } from "@isthmus/policy";
import type { World } from "@isthmus/topology";
import type { ProxyTraits } from "./proxy-traits.ts";
import type { TlsIdentities } from "./tls/tls-identities.ts";

export interface Translation {
  readonly world: World;
  readonly traits: ProxyTraits;
  readonly identities: TlsIdentities;
  readonly settings: TranslationSettings;
  /** Policies of the type in the mesh, each read once. */
  policies(type: string, mesh: string): readonly Policy[];
}

export interface TranslationSettings {
  /** Addresses that count as inside for headers of trust. Source: kuma v2.14.3: `xdsServer`/`runtime` known internal CIDRs. */
  readonly internalCidrs: readonly string[];
  /** How long a connection to another zone may live, ms, where no MeshTimeout says it; 0: for ever, as with Kuma. */
  readonly crossZoneConnectionMs: number;
}

export const INTERNAL_CIDRS: readonly string[] = [
  "10.0.0.0/8",
  "192.168.0.0/16",
  "172.16.0.0/12",
  "fc00::/7",
  "fd00::/8",
  "127.0.0.1/32",
  "::1/128",
];

const CROSS_ZONE_CONNECTION_MS = 10_000;

export const DEFAULT_SETTINGS: TranslationSettings = {
  internalCidrs: INTERNAL_CIDRS,
  crossZoneConnectionMs: CROSS_ZONE_CONNECTION_MS,
};
