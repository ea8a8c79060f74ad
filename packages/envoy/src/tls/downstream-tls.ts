/** TLS that a proxy of the mesh demands of those who connect to it. Source: kuma v2.14.3: pkg/xds/envoy/tls/v3/tls.go. */
import type { DownstreamTlsContextJson } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/tls";
import type { Draft } from "../draft/draft.ts";
import { sds } from "./sds.ts";
import { prefixMatchers } from "./subject-alt-names.ts";
import type { MeshTls } from "./tls-identities.ts";

export function downstreamTls(tls: MeshTls, mesh: string, draft: Draft): DownstreamTlsContextJson {
  draft.secrets.add(tls.identitySecret).add(tls.caSecret);
  const names = clientNames(tls, mesh);
  return {
    requireClientCertificate: true,
    commonTlsContext: {
      tlsCertificateSdsSecretConfigs: [sds(tls.identitySecret)],
      combinedValidationContext: {
        defaultValidationContext: names.length === 0 ? {} : { matchTypedSubjectAltNames: [...names] },
        validationContextSdsSecretConfig: sds(tls.caSecret),
      },
    },
  };
}

/** Everybody whose certificate is of the mesh, or of a trust domain that the mesh trusts. */
function clientNames(tls: MeshTls, mesh: string): ReturnType<typeof prefixMatchers> {
  const domains = tls.kind === "mesh" ? [mesh, ...tls.trustDomains] : tls.trustDomains;
  return prefixMatchers(domains.map((domain) => `spiffe://${domain}/`));
}
