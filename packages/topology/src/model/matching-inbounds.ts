/** Which inbounds of a Dataplane a port of a MeshService leads to. Source: kuma v2.14.3: pkg/core/resources/apis/meshservice/match.go. */
import type { Inbound, Proxy } from "./proxy.ts";
import type { ServicePort } from "./service.ts";

/** A number means the port of the inbound, a text its name. */
export function matchingInbounds({ inbounds }: Proxy, { target }: ServicePort): readonly Inbound[] {
  return inbounds.filter(({ port, name }) => (typeof target === "number" ? target === port : target === name));
}
