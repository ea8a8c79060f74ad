/** TLS of inbounds: strict or permissive, versions, ciphers. Source: kuma v2.14.3: pkg/plugins/policies/meshtls/api/v1alpha1. */
import { definePolicy } from "../define-type.ts";
import { plainRules, policySpec, targetItems } from "../schemas/policy-spec.ts";
import { alwaysEmitted, arrayOf, object, oneOf, optional } from "../schemas/shape.ts";
import { tlsVersion } from "../schemas/tls-version.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { meshTlsDeprecations, TLS_CIPHERS, validateMeshTls } from "../validate/mesh-tls.ts";

const conf = object({
  tlsVersion: optional(tlsVersion),
  tlsCiphers: optional(arrayOf(oneOf(TLS_CIPHERS))),
  mode: optional(oneOf(["Permissive", "Strict"])),
});

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshTLS",
  shortName: "mtls",
  from: "asRules",
  rules: true,
  spec: policySpec({ from: targetItems(conf), rules: plainRules(alwaysEmitted(conf)) }),
  validate: validateMeshTls,
  deprecations: meshTlsDeprecations,
});
