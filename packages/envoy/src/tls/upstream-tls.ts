/**
 * TLS with which a proxy connects to another of the mesh: which server name it asks for and whom it accepts.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/xds/meshroute/clusters.go, pkg/xds/envoy/tls/v3/tls.go.
 */
import type { SubjectAltNameMatcherJson } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/common";
import type { UpstreamTlsContextJson } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/tls";
import type { Draft } from "../draft/draft.ts";
import { sds } from "./sds.ts";
import { exactMatchers, prefixMatchers } from "./subject-alt-names.ts";
import type { MeshTls } from "./tls-identities.ts";

export const MESH_ALPN = "kuma";

/** `servers`: exact names; none: anybody of the mesh. */
export function upstreamTls(
  tls: MeshTls,
  mesh: string,
  sni: string,
  servers: readonly string[],
  draft: Draft,
): UpstreamTlsContextJson {
  draft.secrets.add(tls.identitySecret).add(tls.caSecret);
  const names = serverNames(tls, mesh, servers);
  return {
    sni,
    commonTlsContext: {
      alpnProtocols: [MESH_ALPN],
      tlsCertificateSdsSecretConfigs: [sds(tls.identitySecret)],
      combinedValidationContext: {
        defaultValidationContext: names.length === 0 ? {} : { matchTypedSubjectAltNames: [...names] },
        validationContextSdsSecretConfig: sds(tls.caSecret),
      },
    },
  };
}

function serverNames(tls: MeshTls, mesh: string, servers: readonly string[]): readonly SubjectAltNameMatcherJson[] {
  if (servers.length > 0) return exactMatchers(servers);
  return tls.kind === "mesh" ? prefixMatchers([`spiffe://${mesh}/`]) : [];
}
