/** What of a DataplaneInsight services are computed from. Source: kuma v2.14.3: api/mesh/v1alpha1/dataplane_insight_helpers.go. */
import { objectOf, objectsOf, type Resource, textOf } from "@isthmus/resources";

export interface ProxyInsight {
  /** Some subscription was opened and not closed. */
  readonly isOnline: boolean;
  /** A certificate of the mesh's CA was given to the proxy. */
  readonly hasCertificate: boolean;
}

export function readProxyInsight({ spec }: Resource): ProxyInsight {
  return {
    isOnline: objectsOf(spec, "subscriptions").some(
      (subscription) => textOf(subscription, "connectTime") !== "" && textOf(subscription, "disconnectTime") === "",
    ),
    hasCertificate: textOf(objectOf(spec, "mTLS"), "issuedBackend") !== "",
  };
}
