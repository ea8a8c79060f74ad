/** Candidates to a set: one endpoint for each address, in a fixed order. */
import type { World } from "../world/world.ts";
import type { BaseSet } from "./base-set.ts";
import type { Candidate, Endpoint, EndpointSet } from "./endpoint-set.ts";
import { firstOfEach, mergeEach } from "./merge-duplicates.ts";

export interface SetFacts {
  readonly policies: readonly string[];
  readonly overprovisioningFactor?: number;
}

export function finishedSet(
  { service, port }: Pick<BaseSet, "service" | "port">,
  candidates: readonly Candidate[],
  world: World,
  facts: SetFacts,
): EndpointSet {
  // An ingress lists a legacy service once for each combination of tags, all at its one address. Envoy keeps the first alone.
  const merges = service.kind === "legacy" && world.settings.remoteWeights === "isthmus";
  const ordered = inOrder(candidates);
  const unique = inOrder(merges ? mergeEach(ordered) : firstOfEach(ordered));
  return {
    service,
    port,
    endpoints: unique.flatMap(({ endpoint }) => endpoint ?? []),
    candidates: unique,
    ...facts,
  };
}

/** By priority, zone, address, port; what is out comes last, as found. */
function inOrder(candidates: readonly Candidate[]): readonly Candidate[] {
  return [...candidates].sort((a, b) => {
    if (a.endpoint === undefined || b.endpoint === undefined) {
      return Number(a.endpoint === undefined) - Number(b.endpoint === undefined);
    }
    return compareEndpoints(a.endpoint, b.endpoint);
  });
}

function compareEndpoints(a: Endpoint, b: Endpoint): number {
  return (
    a.priority - b.priority ||
    compareText(a.locality?.zone ?? "", b.locality?.zone ?? "") ||
    compareText(a.locality?.subZone ?? "", b.locality?.subZone ?? "") ||
    compareText(a.address, b.address) ||
    a.port - b.port
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
