/**
 * The way out of an egress for one external service: it ends the mesh's TLS, looks who comes, and connects to the real addresses.
 * Source: kuma v2.14.3: pkg/xds/generator/egress/external_services_generator.go.
 */

import { isIP } from "node:net";
import type { ClusterJson } from "@isthmus/proto/envoy/config/cluster/v3/cluster";
import type { UpstreamTlsContextJson } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/tls";
import type { Exposure } from "@isthmus/topology";
import { httpChain, tcpChain, usableCidrs } from "../build/chains.ts";
import { httpOptionsFor } from "../build/clusters.ts";
import { loadAssignment } from "../build/endpoints.ts";
import type { ChainDraft, ClusterDraft, Draft } from "../draft/draft.ts";
import { isHttp, type Role } from "../draft/role.ts";
import { downstreamTls } from "../tls/downstream-tls.ts";
import { originationOf } from "../tls/origination.ts";
import type { MeshTls } from "../tls/tls-identities.ts";
import type { Translation } from "../translation.ts";
import type { ExposedPort } from "./forwarding.ts";

export interface ExternalChain {
  readonly exposure: Exposure;
  readonly exposed: ExposedPort;
  readonly name: string;
  readonly tls: MeshTls;
  readonly role: Role;
  /** The egress listens on an IPv6 address. */
  readonly isIpv6: boolean;
}

/** Empty: it cannot be reached as its author demands; why is among the problems of the draft. */
export function draftExternal(external: ExternalChain, translation: Translation, draft: Draft): readonly ChainDraft[] {
  const { exposure, exposed, name, tls, role } = external;
  const hosts = exposure.set.endpoints.map(({ address }) => address);
  const origination = originationOf(exposed.service, hosts, translation.traits);
  if (!origination.ok) {
    draft.problems.push(`${name} is left out: ${origination.error}`);
    return [];
  }
  draft.clusters.push(externalCluster(external, hosts, origination.value));
  const chain = isHttp(exposed.port.protocol)
    ? httpChain(role, {
        stat: name,
        internalCidrs: usableCidrs(translation.settings.internalCidrs, translation.traits.supportsIpv6),
        routes: {
          name,
          validateClusters: false,
          virtualHosts: [
            {
              name,
              domains: ["*"],
              routes: [{ match: { prefix: "/" }, route: { cluster: name, autoHostRewrite: true, timeout: "0s" } }],
            },
          ],
        },
      })
    : tcpChain(role, name, name);
  return [
    {
      ...chain,
      name,
      match: { transportProtocol: "tls", serverNames: [exposure.sni] },
      tls: downstreamTls(tls, exposure.service.mesh, draft),
    },
  ];
}

function externalCluster(
  { exposure, exposed, name, role, isIpv6 }: ExternalChain,
  hosts: readonly string[],
  origination: UpstreamTlsContextJson | undefined,
): ClusterDraft {
  const http = httpOptionsFor(exposed.port.protocol);
  return {
    name,
    role,
    json: {
      connectTimeout: "5s",
      ...discoveryOf(hosts, isIpv6),
      loadAssignment: loadAssignment(name, exposure.set),
    },
    ...(http === undefined ? {} : { http }),
    ...(origination === undefined ? {} : { tls: origination }),
    tlsMatches: [],
  };
}

/** Names are looked up by Envoy, and again when their time is over. */
function discoveryOf(hosts: readonly string[], isIpv6: boolean): Pick<ClusterJson, "type" | "dnsLookupFamily"> {
  if (hosts.every((host) => isIP(host) !== 0)) return { type: "STATIC" };
  return { type: "STRICT_DNS", dnsLookupFamily: isIpv6 ? "AUTO" : "V4_ONLY" };
}
