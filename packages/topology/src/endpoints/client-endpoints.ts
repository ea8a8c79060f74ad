/**
 * What one client makes of a base set: may it reach the service, which subset does it want, how do its load balancing
 * policies order what is left.
 */
import {
  describePolicy,
  destinationOf,
  type LocalityPlan,
  type LocalityTarget,
  legacyDestination,
  localityPlan,
  type ToConf,
  toConf,
} from "@isthmus/policy";
import type { Labels } from "@isthmus/resources";
import type { World } from "../world/world.ts";
import type { BaseSet } from "./base-set.ts";
import { excluded, gateAll } from "./candidate.ts";
import type { Client } from "./client.ts";
import type { Candidate, EndpointSet } from "./endpoint-set.ts";
import { finishedSet } from "./finished-set.ts";
import { legacyReachability, type Reachability, serviceReachability } from "./reachability.ts";
import { withSubset } from "./subset.ts";

export interface ClientOptions {
  /** Tags that instances must have; those of the client's outbound unless given. */
  readonly subset?: Labels;
  /** A route leads there, whatever outbounds the client has. */
  readonly isRouted?: boolean;
}

export function clientEndpoints(client: Client, base: BaseSet, world: World, options: ClientOptions = {}): EndpointSet {
  const reach = options.isRouted === true ? undefined : reachabilityOf(client, base, world);
  const reached =
    reach?.isReachable === false ? gateAll(base.candidates, "notReachable", reach.detail) : base.candidates;
  const subset = options.subset ?? (reach?.isReachable === true ? reach.subset : {});
  const strategy = strategyFor(client, base);
  const plan = localityPlan(client.locality, targetOf(base, world), strategy);
  const placed = withSubset(reached, subset).map((candidate) => placedBy(plan, candidate, client));
  return finishedSet(base, placed, world, {
    policies: policiesOf(strategy),
    ...(plan.overprovisioningFactor === undefined ? {} : { overprovisioningFactor: plan.overprovisioningFactor }),
  });
}

function reachabilityOf({ proxy }: Client, { service, target }: BaseSet, world: World): Reachability | undefined {
  if (service.kind === "legacy") return legacyReachability(proxy, service, world);
  return target === undefined ? undefined : serviceReachability(proxy, target.service, target.port, world);
}

function strategyFor({ strategies }: Client, { service, target }: BaseSet): ToConf | undefined {
  if (strategies.length === 0) return undefined;
  if (target !== undefined) return toConf(destinationOf(target.service.resource, target.port.section), strategies);
  return service.kind === "legacy" ? toConf(legacyDestination(service.mesh, service.name), strategies) : undefined;
}

function targetOf({ service }: BaseSet, world: World): LocalityTarget {
  if (service.kind !== "legacy") return { kind: "resource" };
  const routing = world.mesh(service.mesh)?.routing;
  return {
    kind: "legacy",
    isLocalityAware: routing?.isLocalityAware === true,
    isThroughEgress: routing?.zoneEgress === true,
  };
}

function placedBy(plan: LocalityPlan, candidate: Candidate, client: Client): Candidate {
  const { endpoint, source } = candidate;
  if (endpoint === undefined) return candidate;
  const zone = endpoint.locality?.zone ?? "";
  // What lies outside of all zones is left through the own one: failover between zones is no matter of it. Kuma asks the rules
  // for a zone with no name, so that a policy which keeps traffic in the zone cuts off external services.
  const isOutside = zone === "" && source.kind !== "instance" && plan.overprovisioningFactor !== undefined;
  const placement = plan.place({
    zone: isOutside ? client.locality.zone : zone,
    tags: endpoint.tags,
    labels: endpoint.labels,
  });
  if (!placement.isPlaced) return excluded(candidate, "policy", placement.reason);
  const { priority, locality, localityWeight, reason } = placement;
  return {
    ...candidate,
    endpoint: { ...endpoint, priority, locality, ...(localityWeight === undefined ? {} : { localityWeight }) },
    priorityReason: reason,
  };
}

/** Those whose word on localities was heard, each once, ascending. */
function policiesOf(strategy: ToConf | undefined): readonly string[] {
  const entries = (strategy?.entries ?? []).filter(({ item }) => item.conf.localityAwareness !== undefined);
  return [...new Set(entries.map(({ policy }) => describePolicy(policy)))].sort();
}
