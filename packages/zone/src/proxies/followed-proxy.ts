/** A proxy that is connected and wants its configuration. */
import type { ProxyTraits } from "@isthmus/envoy";
import type { ProxyId } from "@isthmus/xds";

export interface FollowedProxy {
  readonly id: ProxyId;
  readonly traits: ProxyTraits;
}
