/** Filter chains as they are before policies. Source: kuma v2.14.3: pkg/xds/envoy/listeners. */
import type { RouteConfigurationJson } from "@isthmus/proto/envoy/config/route/v3/route";
import type { HttpConnectionManagerJson } from "@isthmus/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager";
import { statName } from "@isthmus/topology";
import { typed } from "../draft/any.ts";
import type { ChainDraft } from "../draft/draft.ts";
import type { Role } from "../draft/role.ts";

/** Whom the proxy's own listeners believe. */
export const LOOPBACK_CIDRS = ["127.0.0.1/32", "::1/128"];

const GRPC_STATS = {
  name: "envoy.filters.http.grpc_stats",
  typedConfig: typed("envoy.extensions.filters.http.grpc_stats.v3.FilterConfig", { emitFilterState: true }),
};

export interface HttpChainOptions {
  /** What statistics are called after; made fit for it here. */
  readonly stat: string;
  readonly routes: RouteConfigurationJson;
  readonly internalCidrs: readonly string[];
  readonly manager?: HttpConnectionManagerJson;
  /** Of what is behind it; calls of gRPC are counted by their own status. */
  readonly protocol?: string;
}

export function httpChain(
  role: Role,
  { stat, routes, internalCidrs, manager = {}, protocol }: HttpChainOptions,
): ChainDraft {
  return {
    role,
    filters: [],
    end: {
      kind: "http",
      manager: { statPrefix: statName(stat), internalAddressConfig: internalAddresses(internalCidrs), ...manager },
      filters: protocol === "grpc" ? [GRPC_STATS] : [],
      routes,
    },
  };
}

export function tcpChain(role: Role, stat: string, cluster: string): ChainDraft {
  return { role, filters: [], end: { kind: "tcp", proxy: { statPrefix: statName(stat), cluster } } };
}

/** Headers that say something about the client are believed from these addresses alone. */
function internalAddresses(cidrs: readonly string[]): NonNullable<HttpConnectionManagerJson["internalAddressConfig"]> {
  return {
    cidrRanges: cidrs.map((cidr) => {
      const slash = cidr.lastIndexOf("/");
      return { addressPrefix: cidr.slice(0, slash), prefixLen: Number(cidr.slice(slash + 1)) };
    }),
  };
}

/** Cuts off ranges of a family that the proxy cannot use: Envoy refuses them. */
export function usableCidrs(cidrs: readonly string[], supportsIpv6: boolean): readonly string[] {
  return supportsIpv6 ? cidrs : cidrs.filter((cidr) => !cidr.includes(":"));
}
