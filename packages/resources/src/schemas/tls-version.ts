/** Bounds of the TLS versions to offer. Source: kuma v2.14.3: api/common/v1alpha1/tls/tls.go. */
import { object, oneOf, optional } from "./shape.ts";

export const TLS_AUTO = "TLSAuto";
/** Oldest first; `TLSAuto` leaves the choice to Envoy. */
export const TLS_VERSIONS = [TLS_AUTO, "TLS10", "TLS11", "TLS12", "TLS13"] as const;

export const tlsVersion = object({
  min: optional(oneOf(TLS_VERSIONS, TLS_AUTO)),
  max: optional(oneOf(TLS_VERSIONS, TLS_AUTO)),
});
