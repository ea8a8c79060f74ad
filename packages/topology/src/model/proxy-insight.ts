/** What of a DataplaneInsight services are computed from. Source: kuma v2.14.3: api/mesh/v1alpha1/dataplane_insight_helpers.go. */
import { isInsightOnline, objectOf, type Resource, textOf } from "@isthmus/resources";

export interface ProxyInsight {
  /** Some subscription was opened and not closed. */
  readonly isOnline: boolean;
  /** A certificate of the mesh's CA was given to the proxy. */
  readonly hasCertificate: boolean;
}

export function readProxyInsight({ spec }: Resource): ProxyInsight {
  return {
    isOnline: isInsightOnline(spec),
    hasCertificate: textOf(objectOf(spec, "mTLS"), "issuedBackend") !== "",
  };
}
