export { canonicalForm, type EncodedResource, encode, type ResourceKind, typeUrl } from "./draft/encode.ts";
export type { EnvoyConfig } from "./draft/finish.ts";
export { type ProxyId, traitsOf } from "./proxy-metadata.ts";
export { type AdminApi, type AdminTls, NO_TRAITS, type ProxyTraits, type Socket } from "./proxy-traits.ts";
export { type OutboundClass, outboundClassOf } from "./sidecar/outbound-class.ts";
export {
  namesOf,
  redirected,
  translateOutbound,
  translateOwn,
  translateSidecar,
} from "./sidecar/sidecar.ts";
export { caSecret, identitySecret, trustBundleSecret } from "./tls/secrets.ts";
export {
  type MeshMtls,
  type MeshTls,
  NO_TLS,
  type TlsIdentities,
  type TlsMode,
  TRUST_BUNDLE_SECRET,
  type WorkloadTls,
} from "./tls/tls-identities.ts";
export { DEFAULT_SETTINGS, INTERNAL_CIDRS, type Translation, type TranslationSettings } from "./translation.ts";
export { translateZoneEgress } from "./zone-proxy/zone-egress.ts";
export {
  type ForwardedChain,
  forwardedChain,
  translateForwarded,
  translateIngressOwn,
  translateZoneIngress,
} from "./zone-proxy/zone-ingress.ts";
