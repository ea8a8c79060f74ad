/**
 * Names of services for the workload: answered by the runner, from a document, or by Envoy itself for runners that cannot.
 * Source: kuma v2.14.3: pkg/xds/generator/dns_generator.go.
 */
import type { DnsTable_DnsVirtualDomainJson } from "@isthmus/proto/envoy/data/dns/v3/dns_table";
import {
  DNS_NAME,
  DNS_PATH,
  type DnsRecord,
  dnsDocument,
  dnsTable,
  EMBEDDED_DNS_FEATURE,
  hasDnsTable,
  nameIn,
  outboundsFor,
  type Proxy,
  SERVICE_KINDS,
  type World,
} from "@isthmus/topology";
import { typed } from "../draft/any.ts";
import type { Draft } from "../draft/draft.ts";
import type { ProxyTraits } from "../proxy-traits.ts";
import type { Translation } from "../translation.ts";
import { addDocument } from "./dynamic-config.ts";
import { isUnified } from "./inbounds.ts";

const ANSWER_TTL = "30s";
const LOOPBACK = "127.0.0.1";

/** What the workload can ask for. `hasIpv6`: also answered with addresses of IPv6. */
export function dnsRecordsOf(proxy: Proxy, hasIpv6: boolean, world: World): readonly DnsRecord[] {
  const services = SERVICE_KINDS.flatMap((kind) => world.services(kind, proxy.mesh));
  const addresses = new Set(outboundsFor(proxy, world).flatMap(({ address }) => address ?? []));
  return dnsTable(services, addresses, hasIpv6).records;
}

/** Whether the names are asked for at the proxy. */
export function answersNames({ isTransparent }: Proxy, { dnsPort, features }: ProxyTraits): boolean {
  return dnsPort !== undefined && hasDnsTable({ isTransparent, redirectsDns: true, features });
}

export function draftDns(proxy: Proxy, records: readonly DnsRecord[], translation: Translation, draft: Draft): void {
  const { traits } = translation;
  const { dnsPort, features } = traits;
  if (dnsPort === undefined || !answersNames(proxy, traits)) return;
  const isUnifiedNaming = isUnified(proxy, translation);
  if (features.has(EMBEDDED_DNS_FEATURE)) {
    addDocument({ path: DNS_PATH, body: dnsDocument(records, proxy).body }, isUnifiedNaming, traits, draft);
    return;
  }
  draft.listeners.push({
    name: nameIn(isUnifiedNaming, DNS_NAME),
    role: { kind: "system", origin: "dns" },
    json: {
      address: { socketAddress: { protocol: "UDP", address: LOOPBACK, portValue: dnsPort } },
      trafficDirection: "INBOUND",
      // Several workers can share a port of UDP in no other way.
      enableReusePort: true,
      listenerFilters: [
        {
          name: "envoy.filters.udp.dns_filter",
          typedConfig: typed("envoy.extensions.filters.udp.dns_filter.v3.DnsFilterConfig", {
            statPrefix: "kuma_dns",
            serverConfig: { inlineDnsTable: { virtualDomains: records.map(virtualDomain) } },
          }),
        },
      ],
    },
    chains: [],
  });
}

function virtualDomain({ name, ips }: DnsRecord): DnsTable_DnsVirtualDomainJson {
  return { name, endpoint: { addressList: { address: [...ips] } }, answerTtl: ANSWER_TTL };
}
