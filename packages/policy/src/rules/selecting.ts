import type { MatchedPolicy } from "../policies-for.ts";
import type { Policy } from "../policy.ts";
import type { ProxySection } from "../proxy.ts";

/** The policies that select a place of the proxy: an inbound, a listener for zones, a port of a gateway. */
export function selecting(matched: readonly MatchedPolicy[], { address, port }: ProxySection): readonly Policy[] {
  return matched
    .filter(({ selection }) => selection.sections.some((each) => each.port === port && each.address === address))
    .map(({ policy }) => policy);
}
