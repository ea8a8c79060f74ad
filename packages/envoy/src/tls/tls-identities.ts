/**
 * Who a proxy is in TLS, and whom it trusts. Certificates themselves are secrets, which are served beside the configuration;
 * here are their names and what peers have to show. Source: kuma v2.14.3: pkg/xds/envoy/tls/v3/tls.go.
 */

export interface TlsIdentities {
  /** Undefined: plaintext. */
  of(mesh: string): MeshTls | undefined;
}

export type MeshTls = MeshMtls | WorkloadTls;

/** `Mesh.mtls`: a certificate by mesh and service, one CA. */
export interface MeshMtls {
  readonly kind: "mesh";
  readonly mode: TlsMode;
  readonly identitySecret: string;
  readonly caSecret: string;
  /** Of MeshTrusts beside the CA of the mesh, ascending: their proxies are accepted as well. */
  readonly trustDomains: readonly string[];
}

/** A MeshIdentity: a certificate by SPIFFE id, one CA for each trust domain. */
export interface WorkloadTls {
  readonly kind: "workload";
  /** KRI of the MeshIdentity. */
  readonly identitySecret: string;
  readonly caSecret: string;
  readonly spiffeId: string;
  /** Of all MeshTrusts, ascending. */
  readonly trustDomains: readonly string[];
}

export type TlsMode = "STRICT" | "PERMISSIVE";

/** Secret with the CAs of all trust domains. */
export const TRUST_BUNDLE_SECRET = "system_trust_bundle";

export const NO_TLS: TlsIdentities = { of: () => undefined };
