/** Where the transparent proxy of a Dataplane redirects traffic to: its runner says so, or else the Dataplane. */
import { enumOf, numberOf, objectOf } from "@isthmus/resources";
import type { Proxy } from "@isthmus/topology";
import type { ProxyTraits, Redirection } from "../proxy-traits.ts";

/** Where `kumactl install transparent-proxy` redirects to. */
const DEFAULT_INBOUND_PORT = 15006;

/** Undefined: nothing is redirected. */
export function redirectionOf({ isTransparent, resource }: Proxy, traits: ProxyTraits): Redirection | undefined {
  if (traits.transparentProxy !== undefined || !isTransparent) return traits.transparentProxy;
  const transparent = objectOf(objectOf(resource.spec, "networking"), "transparentProxying");
  return {
    outboundPort: numberOf(transparent, "redirectPortOutbound"),
    inboundPort: numberOf(transparent, "redirectPortInbound") || DEFAULT_INBOUND_PORT,
    hasIpv6: enumOf(transparent, "ipFamilyMode", ["UnSpecified", "DualStack", "IPv4"]) !== "IPv4",
  };
}
