/**
 * TLS with which a proxy connects to another of the mesh: which server name it asks for and whom it accepts.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/xds/meshroute/clusters.go, pkg/xds/envoy/tls/v3/tls.go.
 */
import type { UpstreamTlsContextJson } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/tls";
import type { Draft } from "../draft/draft.ts";
import { sds } from "./sds.ts";
import { exactMatchers } from "./subject-alt-names.ts";
import type { MeshTls } from "./tls-identities.ts";

export const MESH_ALPN = "kuma";

/**
 * `servers`: exact names. None: nobody is accepted, for else a client would trust the whole mesh whenever the owner of a service has not
 * said yet who its instances are.
 */
export function upstreamTls(
  tls: MeshTls,
  mesh: string,
  sni: string,
  servers: readonly string[],
  draft: Draft,
): UpstreamTlsContextJson {
  draft.secrets.add(tls.identitySecret).add(tls.caSecret);
  // A service without a name: no certificate has it.
  const names = servers.length > 0 ? servers : [`spiffe://${mesh}/`];
  return {
    sni,
    commonTlsContext: {
      alpnProtocols: [MESH_ALPN],
      tlsCertificateSdsSecretConfigs: [sds(tls.identitySecret)],
      combinedValidationContext: {
        defaultValidationContext: { matchTypedSubjectAltNames: [...exactMatchers(names)] },
        validationContextSdsSecretConfig: sds(tls.caSecret),
      },
    },
  };
}
