/** Secrets as Envoy takes them. Their content is the only thing here that must never be logged or shown. */
import { Buffer } from "node:buffer";
import type { DataSourceJson } from "@isthmus/proto/envoy/config/core/v3/base";
import type { SecretJson } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/secret";
import { typed } from "../draft/any.ts";

const VALIDATOR = "envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig";

/** PEM texts. */
export function identitySecret(
  name: string,
  certificate: { readonly chain: string; readonly key: string },
): SecretJson {
  return {
    name,
    tlsCertificate: { certificateChain: inline(certificate.chain), privateKey: inline(certificate.key) },
  };
}

export function caSecret(name: string, ca: string): SecretJson {
  return { name, validationContext: { trustedCa: inline(ca) } };
}

/** CAs by trust domain: who names a domain has to have a certificate of it; who names none that is here is refused. */
export function trustBundleSecret(name: string, bundles: ReadonlyMap<string, readonly string[]>): SecretJson {
  const trustDomains = [...bundles]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([domain, certificates]) => ({
      name: domain,
      trustBundle: inline(
        [...new Set(certificates.map((each) => each.trim()))]
          .sort()
          .map((each) => `${each}\n`)
          .join(""),
      ),
    }));
  return {
    name,
    validationContext: {
      customValidatorConfig: {
        name: "envoy.tls.cert_validator.spiffe",
        typedConfig: typed(VALIDATOR, { trustDomains }),
      },
    },
  };
}

function inline(text: string): DataSourceJson {
  return { inlineBytes: Buffer.from(text).toString("base64") };
}
