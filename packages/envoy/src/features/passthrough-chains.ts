/**
 * Filter chains for what a MeshPassthrough lets out. Source: kuma v2.14.3:
 * pkg/plugins/policies/meshpassthrough/plugin/xds/listeners_filter_chain.go.
 */
import type { FilterChainMatchJson } from "@isthmus/proto/envoy/config/listener/v3/listener_components";
import type { VirtualHostJson } from "@isthmus/proto/envoy/config/route/v3/route_components";
import { parseCidr } from "@isthmus/topology";
import { httpChain, tcpChain } from "../build/chains.ts";
import { meshHttpOptions, originalDestinationCluster } from "../build/clusters.ts";
import type { ChainDraft, ClusterDraft } from "../draft/draft.ts";
import type { Role } from "../draft/role.ts";
import type { PassthroughMatch } from "./passthrough-matches.ts";

const NO_MATCH =
  "This response comes from Kuma Sidecar. No routes matched this domain - check configuration of your MeshPassthrough policy.\n";
const UNAVAILABLE = 503;
const CLUSTER_ROLE: Role = { kind: "system", origin: "meshpassthrough" };

export interface PassthroughChain {
  readonly chain: ChainDraft;
  /** That it leads to. */
  readonly clusters: readonly ClusterDraft[];
}

export function passthroughChain(
  match: PassthroughMatch,
  role: Role,
  internalCidrs: readonly string[],
): PassthroughChain {
  const { protocol } = match;
  if (protocol === "tls") return byteChain(match, protocol, role, tlsMatch(match));
  if (protocol === "tcp" || protocol === "mysql")
    return byteChain(match, "tcp", role, { transportProtocol: "raw_buffer" });
  return requestChain(match, role, internalCidrs);
}

function byteChain(
  match: PassthroughMatch,
  protocol: string,
  role: Role,
  transport: FilterChainMatchJson,
): PassthroughChain {
  const name = nameOf(protocol, match.value, match.port);
  return {
    chain: { ...tcpChain(role, name, name), name, match: { ...transport, ...placeOf(match) } },
    clusters: [originalDestinationCluster(name, CLUSTER_ROLE)],
  };
}

function tlsMatch({ kind, value }: PassthroughMatch): FilterChainMatchJson {
  const isName = kind === "domain" || kind === "wildcard";
  return { transportProtocol: "tls", ...(isName ? { serverNames: [value] } : {}) };
}

function requestChain(match: PassthroughMatch, role: Role, internalCidrs: readonly string[]): PassthroughChain {
  const { protocol, port, value, routes } = match;
  const isNames = match.kind === "domain";
  const name = isNames ? `meshpassthrough_${protocol}_${port || "*"}` : nameOf(protocol, value, port);
  const targets = isNames ? routes : [value];
  const hosts = targets.map((target) =>
    hostOf(target, isNames ? domainsOf(target, port) : ["*"], nameOf(protocol, target, port)),
  );
  return {
    chain: {
      ...httpChain(role, {
        stat: name,
        internalCidrs,
        routes: { name, virtualHosts: isNames ? [...hosts, noMatch()] : hosts },
      }),
      name,
      match: { transportProtocol: "raw_buffer", applicationProtocols: ["http/1.1", "h2c"], ...placeOf(match) },
    },
    clusters: targets.map((target) => ({
      ...originalDestinationCluster(nameOf(protocol, target, port), CLUSTER_ROLE),
      ...(protocol === "http" ? {} : { http: meshHttpOptions() }),
    })),
  };
}

/** A Host header may name the port. */
function domainsOf(domain: string, port: number): string[] {
  if (port !== 0) return [domain, `${domain}:${port}`];
  return domain.startsWith("*") ? [domain] : [domain, `${domain}:*`];
}

function hostOf(name: string, domains: string[], cluster: string): VirtualHostJson {
  return { name, domains, routes: [{ match: { prefix: "/" }, route: { cluster } }] };
}

function noMatch(): VirtualHostJson {
  return {
    name: "no_match",
    domains: ["*"],
    routes: [{ match: { prefix: "/" }, directResponse: { status: UNAVAILABLE, body: { inlineString: NO_MATCH } } }],
  };
}

function placeOf({ kind, value, port }: PassthroughMatch): FilterChainMatchJson {
  const range = rangeOf(kind, value);
  return {
    ...(range === undefined ? {} : { prefixRanges: [range] }),
    ...(port === 0 ? {} : { destinationPort: port }),
  };
}

type Range = NonNullable<FilterChainMatchJson["prefixRanges"]>[number];

function rangeOf(kind: PassthroughMatch["kind"], value: string): Range | undefined {
  if (kind === "ip4") return { addressPrefix: value, prefixLen: 32 };
  if (kind === "ip6") return { addressPrefix: value, prefixLen: 128 };
  const [addressPrefix, length] = parseCidr(value)?.text.split("/") ?? [];
  return addressPrefix === undefined || length === undefined ? undefined : { addressPrefix, prefixLen: Number(length) };
}

function nameOf(protocol: string, value: string, port: number): string {
  return `meshpassthrough_${protocol}_${value}_${port || "*"}`;
}
