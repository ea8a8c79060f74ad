/**
 * The proxy's own doors: readiness for everyone, the admin API for the control plane alone.
 * Source: kuma v2.14.3: pkg/xds/generator/admin_proxy_generator.go.
 */

import { Buffer } from "node:buffer";
import type { RouteJson } from "@isthmus/proto/envoy/config/route/v3/route_components";
import type { DownstreamTlsContextJson } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/tls";
import { ADMIN_NAME, nameIn, READINESS_NAME, UNIFIED_NAMING_FEATURE } from "@isthmus/topology";
import { socketAddress } from "../build/addresses.ts";
import { httpChain, LOOPBACK_CIDRS, usableCidrs } from "../build/chains.ts";
import { staticCluster } from "../build/clusters.ts";
import type { ChainDraft, Draft } from "../draft/draft.ts";
import type { Role } from "../draft/role.ts";
import { type AdminTls, type ProxyTraits, REUSE_PORT_FEATURE } from "../proxy-traits.ts";
import { tlsInspector } from "./inbounds.ts";

const SYSTEM: Role = { kind: "system", origin: "admin" };

/** `address`: that of the proxy. Without an admin API there is nothing to do. */
export function draftAdmin(address: string, traits: ProxyTraits, draft: Draft): void {
  const { admin, readiness } = traits;
  if (admin === undefined || address === "") return;
  const isUnifiedNaming = traits.features.has(UNIFIED_NAMING_FEATURE);
  const adminName = nameIn(isUnifiedNaming, ADMIN_NAME);
  const readyName = nameIn(isUnifiedNaming, READINESS_NAME);
  draft.clusters.push(staticCluster(adminName, SYSTEM, admin.socket));
  if (readiness !== undefined) draft.clusters.push(staticCluster(readyName, SYSTEM, readiness));
  // A socket of the same address and port is Envoy's own already.
  if (admin.socket.kind === "tcp" && admin.socket.address === address) return;
  const ready = rewritten("/ready", readiness === undefined ? adminName : readyName);
  const chain = (routes: readonly RouteJson[]): ChainDraft =>
    httpChain(SYSTEM, {
      stat: adminName,
      internalCidrs: usableCidrs(LOOPBACK_CIDRS, traits.supportsIpv6),
      routes: { validateClusters: false, virtualHosts: [{ name: adminName, domains: ["*"], routes: [...routes] }] },
    });
  draft.listeners.push({
    name: adminName,
    role: SYSTEM,
    json: {
      address: socketAddress(address, admin.port),
      trafficDirection: "INBOUND",
      enableReusePort: traits.features.has(REUSE_PORT_FEATURE),
      ...(admin.tls === undefined ? {} : { listenerFilters: [tlsInspector()] }),
    },
    chains: [
      chain([ready]),
      ...(admin.tls === undefined
        ? []
        : [
            {
              ...chain([ready, rewritten("/", adminName)]),
              match: { transportProtocol: "tls" },
              tls: adminTls(admin.tls),
            },
          ]),
    ],
  });
}

function rewritten(prefix: string, cluster: string): RouteJson {
  return { match: { prefix }, route: { cluster, prefixRewrite: prefix } };
}

function adminTls({ certificate, key, ca, clientName }: AdminTls): DownstreamTlsContextJson {
  const bytes = (text: string): { readonly inlineBytes: string } => ({
    inlineBytes: Buffer.from(text).toString("base64"),
  });
  return {
    requireClientCertificate: true,
    commonTlsContext: {
      tlsCertificates: [{ certificateChain: bytes(certificate), privateKey: bytes(key) }],
      validationContext: {
        trustedCa: bytes(ca),
        matchTypedSubjectAltNames: [{ sanType: "DNS", matcher: { exact: clientName } }],
      },
    },
  };
}
