/** Secrets that Envoy accepts as such: for checks of configurations, of no use for anything else. */
import type { SecretJson } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/secret";
import type { KeyPair } from "@isthmus/testkit";
import { caSecret, identitySecret, trustBundleSecret } from "../tls/secrets.ts";
import { TRUST_BUNDLE_SECRET } from "../tls/tls-identities.ts";

export function testSecrets(
  names: Iterable<string>,
  { certificate: cert, privateKey: key }: KeyPair,
): readonly SecretJson[] {
  return [...names].map((name) => {
    if (name === TRUST_BUNDLE_SECRET) return trustBundleSecret(name, new Map([["default", [cert]]]));
    const isCa = name.startsWith("mesh_ca:") || name.startsWith("system_mtls_ca_");
    return isCa ? caSecret(name, cert) : identitySecret(name, { chain: cert, key });
  });
}
