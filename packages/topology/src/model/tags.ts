/** Tags of inbounds with a meaning to the control plane. Source: kuma v2.14.3: api/mesh/v1alpha1/dataplane_helpers.go. */

export const SERVICE_TAG = "kuma.io/service";
export const ZONE_TAG = "kuma.io/zone";
export const PROTOCOL_TAG = "kuma.io/protocol";
