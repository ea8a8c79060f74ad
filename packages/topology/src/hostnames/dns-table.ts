/**
 * The names that a proxy answers itself, and the document that carries them to it.
 * Source: kuma v2.14.3: pkg/xds/generator/dns_generator.go, pkg/dns/dpapi/api.go, pkg/xds/dynconf/listener.go.
 */
import { createHash } from "node:crypto";
import { type Labels, NAMESPACE_LABEL, WORKLOAD_LABEL, ZONE_LABEL } from "@isthmus/resources";
import { mappedToIpv6 } from "../addresses/ip-address.ts";
import type { Service } from "../model/service.ts";
import { HOSTNAME_PRECEDENCE } from "./assign-hostnames.ts";

export interface DnsRecord {
  readonly name: string;
  readonly ips: readonly string[];
}

type DnsService = Pick<Service, "kind" | "mesh" | "name" | "vips" | "hostnames">;

/** Two services with one name: the table has the winner's address. */
export interface DnsConflict {
  readonly hostname: string;
  readonly winner: Pick<Service, "kind" | "mesh" | "name">;
  readonly loser: Pick<Service, "kind" | "mesh" | "name">;
}

export interface DnsTable {
  /** In order of name. */
  readonly records: readonly DnsRecord[];
  readonly conflicts: readonly DnsConflict[];
}

/** Path of the document in the listener for dynamic configuration. */
export const DNS_PATH = "/dns";
export const BIND_OUTBOUNDS_FEATURE = "feature-bind-outbounds";
/** The proxy answers itself, from the document; without it Envoy does, from an inline table of the same records. */
export const EMBEDDED_DNS_FEATURE = "feature-embedded-dns";

const TTL_SECONDS = 30;

/** Whether a proxy gets a table at all. */
export function hasDnsTable(proxy: {
  readonly isTransparent: boolean;
  readonly redirectsDns: boolean;
  readonly features: ReadonlySet<string>;
}): boolean {
  return proxy.isTransparent && proxy.redirectsDns && !proxy.features.has(BIND_OUTBOUNDS_FEATURE);
}

/**
 * Records of the services whose first address is among the addresses of the proxy's outbounds. `hasIpv6`: the proxy
 * redirects IPv6, too; an IPv4 address then also has its form in IPv6.
 */
export function dnsTable(
  services: Iterable<DnsService>,
  outboundAddresses: ReadonlySet<string>,
  hasIpv6: boolean,
): DnsTable {
  const winners = new Map<string, DnsService>();
  const conflicts: DnsConflict[] = [];
  const records: DnsRecord[] = [];
  for (const service of [...services].sort(byPrecedence)) {
    const [vip] = service.vips;
    if (vip === undefined || !outboundAddresses.has(vip)) continue;
    const mapped = mappedToIpv6(vip);
    const ips = hasIpv6 && mapped !== vip ? [vip, mapped] : [vip];
    for (const hostname of new Set(service.hostnames)) {
      const winner = winners.get(hostname);
      if (winner === undefined) {
        winners.set(hostname, service);
        records.push({ name: hostname, ips });
      } else if (winner.vips[0] !== vip) {
        conflicts.push({ hostname, winner: identity(winner), loser: identity(service) });
      }
    }
  }
  return { records: records.sort((a, b) => (a.name < b.name ? -1 : 1)), conflicts };
}

/** The JSON that the proxy polls, and the tag that it sends to learn whether there is a newer one. */
export function dnsDocument(
  records: readonly DnsRecord[],
  dataplane: { readonly mesh: string; readonly labels: Labels },
): { readonly body: string; readonly etag: string } {
  const { mesh, labels } = dataplane;
  const optional = (key: string, value: string | undefined) => (value ? { [key]: value } : {});
  // In order of key, as Go writes maps: the tag is a hash of the text.
  const extraLabels = {
    ...optional("k8s_kuma_io_namespace", labels[NAMESPACE_LABEL]),
    ...optional("kuma_io_zone", labels[ZONE_LABEL]),
    ...optional("kuma_workload", labels[WORKLOAD_LABEL]),
    mesh,
  };
  const body = JSON.stringify({ records, ttl: TTL_SECONDS, extraLabels });
  return { body, etag: createHash("sha256").update(body).digest("hex") };
}

function byPrecedence(a: DnsService, b: DnsService): number {
  const kinds = HOSTNAME_PRECEDENCE.indexOf(a.kind) - HOSTNAME_PRECEDENCE.indexOf(b.kind);
  return kinds || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

const identity = ({ kind, mesh, name }: DnsService): DnsConflict["winner"] => ({ kind, mesh, name });
