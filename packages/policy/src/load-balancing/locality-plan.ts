/**
 * Priority and locality of every endpoint of a destination for one client, or that it gets no traffic, each with the reason.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshloadbalancingstrategy/plugin/v1alpha1/{plugin,locality_aware}.go.
 *
 *     nothing set        other zones get priority 1, or 0 when `disabled`; nobody is left out
 *     localZone or       own zone: priority 0, weighted by shared affinity tags
 *     crossZone set      other zones: priority = number of the first failover rule that leads there; else left out
 *
 * So `localZone` alone keeps all traffic in the zone, and `disabled` beside one of the two does nothing.
 */
import type { Labels } from "@isthmus/resources";
import { describePolicy } from "../policy.ts";
import type { ToEntry } from "../policy-order.ts";
import { decidedBy, type ToConf } from "../to-conf.ts";
import { affinityGroups, groupOf } from "./affinity-groups.ts";
import { describeTarget, describeZones, egressZone, failoverGroups, groupForZone } from "./failover-groups.ts";
import { type FailoverRule, type LocalityAwareness, localityAwarenessOf } from "./locality-awareness.ts";
import { overprovisioningFactor } from "./overprovisioning-factor.ts";

export interface LocalityClient {
  readonly zone: string;
  /** Values of each tag over all inbounds (`tagValues`). */
  readonly tags: Readonly<Record<string, readonly string[]>>;
  readonly labels: Labels;
}

export interface LocalityEndpoint {
  /** Where traffic sent to it ends up; "" when it belongs to no zone. */
  readonly zone: string;
  readonly tags: Labels;
  readonly labels: Labels;
}

/** A service resource is zone-aware by itself; a legacy service only by `Mesh.routing.localityAwareLoadBalancing`. */
export type LocalityTarget =
  | { readonly kind: "resource" }
  /** `isThroughEgress`: other zones are reached through the zone egress (`Mesh.routing.zoneEgress`). */
  | { readonly kind: "legacy"; readonly isLocalityAware: boolean; readonly isThroughEgress: boolean };

export type Placement =
  | {
      readonly isPlaced: true;
      /** 0 is used first. */
      readonly priority: number;
      /** Undefined for an endpoint that belongs to no zone. */
      readonly locality: { readonly zone: string; readonly subZone: string } | undefined;
      /** Share of the locality among those of its priority; undefined: not weighted. */
      readonly localityWeight: number | undefined;
      readonly reason: string;
      readonly decidedBy: ToEntry | undefined;
    }
  | { readonly isPlaced: false; readonly reason: string; readonly decidedBy: ToEntry | undefined };

export interface LocalityPlan {
  readonly overprovisioningFactor: number | undefined;
  /** The cluster has to be told to go by the weights of localities. */
  readonly usesLocalityWeights: boolean;
  place(endpoint: LocalityEndpoint): Placement;
}

/** `strategy`: what `toConf` gives for the destination and the MeshLoadBalancingStrategies of the client. */
export function localityPlan(
  client: LocalityClient,
  target: LocalityTarget,
  strategy: ToConf | undefined,
): LocalityPlan {
  const awareness = strategy === undefined ? undefined : localityAwarenessOf(strategy.conf);
  const isGrouped = awareness?.localZone !== undefined || awareness?.crossZone !== undefined;
  if (strategy === undefined || !isGrouped) {
    return {
      overprovisioningFactor: undefined,
      usesLocalityWeights: false,
      place: placeByZone(client, target, strategy, awareness),
    };
  }
  return {
    overprovisioningFactor: overprovisioningFactor(awareness.crossZone),
    usesLocalityWeights: (awareness.localZone?.affinityTags.length ?? 0) > 0,
    place: placeByGroups(client, target, strategy, awareness),
  };
}

function placeByZone(
  client: LocalityClient,
  target: LocalityTarget,
  strategy: ToConf | undefined,
  awareness: LocalityAwareness | undefined,
): LocalityPlan["place"] {
  const isByMesh = target.kind === "legacy" && strategy === undefined;
  const isAware = isByMesh ? target.isLocalityAware : awareness?.disabled !== true;
  const decided = strategy === undefined ? undefined : decidedBy(strategy, ["localityAwareness", "disabled"]);
  const remoteReason = (zone: string): string => {
    if (isByMesh) return `zone ${zone}; localityAwareLoadBalancing of the mesh is ${isAware ? "on" : "off"}`;
    if (decided === undefined) return `zone ${zone}; the own zone goes first`;
    return `zone ${zone}; localityAwareness is ${isAware ? "enabled" : "disabled"} by ${describePolicy(decided.policy)}`;
  };
  return ({ zone }) => {
    const isRemote = zone !== "" && zone !== client.zone;
    return {
      isPlaced: true,
      priority: isRemote && isAware ? 1 : 0,
      locality: zone === "" ? undefined : { zone, subZone: "" },
      localityWeight: undefined,
      reason: isRemote ? remoteReason(zone) : zone === "" ? "belongs to no zone" : "own zone",
      decidedBy: isRemote ? decided : undefined,
    };
  };
}

function placeByGroups(
  client: LocalityClient,
  target: LocalityTarget,
  strategy: ToConf,
  awareness: LocalityAwareness,
): LocalityPlan["place"] {
  const affinity = affinityGroups(awareness.localZone, client.tags, client.labels);
  const affinityBy = decidedBy(strategy, ["localityAwareness", "localZone", "affinityTags"]);
  const placeLocal = (endpoint: LocalityEndpoint): Placement => {
    const group = groupOf(affinity, endpoint);
    const pair = group === undefined ? "" : `${group.key}=${group.value}`;
    return {
      isPlaced: true,
      priority: 0,
      locality: { zone: client.zone, subZone: pair },
      // A weight of 0 is no weight to Envoy.
      localityWeight: group === undefined ? 1 : group.weight || undefined,
      reason: group === undefined ? "own zone" : `own zone; shares affinity tag ${pair} of ${nameOf(affinityBy)}`,
      decidedBy: group === undefined ? undefined : affinityBy,
    };
  };
  const placeRemote = remotePlacement(client, target, strategy, awareness);
  const ofZone = new Map<string, Placement>();
  return (endpoint) => {
    if (endpoint.zone === client.zone) return placeLocal(endpoint);
    const known = ofZone.get(endpoint.zone);
    if (known !== undefined) return known;
    const placement = placeRemote(endpoint.zone);
    ofZone.set(endpoint.zone, placement);
    return placement;
  };
}

/** Nothing but its zone decides about a remote endpoint, so this runs once per zone. */
function remotePlacement(
  client: LocalityClient,
  target: LocalityTarget,
  strategy: ToConf,
  awareness: LocalityAwareness,
): (zone: string) => Placement {
  const rules = awareness.crossZone?.failover ?? [];
  const groups = failoverGroups(rules, client.zone);
  const by =
    decidedBy(strategy, ["localityAwareness", "crossZone", "failover"]) ??
    decidedBy(strategy, ["localityAwareness", "crossZone"]) ??
    decidedBy(strategy, ["localityAwareness", "localZone"]);
  return (zone) => {
    if (target.kind === "legacy" && target.isThroughEgress) {
      const reason = "reached through the zone egress, which applies the failover rules";
      return placed(1, egressZone(groups), reason, by);
    }
    const group = groupForZone(groups, zone);
    if (group === undefined) return { isPlaced: false, reason: refusal(client.zone, zone, rules, by), decidedBy: by };
    return placed(
      group.rule,
      zone,
      `failover rule ${group.rule} of ${nameOf(by)}: ${describeTarget(group.target)}`,
      by,
    );
  };
}

function placed(priority: number, zone: string, reason: string, by: ToEntry | undefined): Placement {
  return {
    isPlaced: true,
    priority,
    locality: { zone, subZone: "" },
    localityWeight: undefined,
    reason,
    decidedBy: by,
  };
}

function refusal(from: string, to: string, rules: readonly FailoverRule[], by: ToEntry | undefined): string {
  if (rules.length === 0) {
    return `${nameOf(by)} sets localityAwareness without failover rules: other zones get no traffic`;
  }
  const facts = rules.map((rule, index) =>
    rule.from === undefined || rule.from.zones.includes(from)
      ? `rule ${index + 1} is ${describeTarget(rule.to)}`
      : `rule ${index + 1} is for zones ${describeZones(rule.from.zones)}`,
  );
  const destination = to === "" ? "an endpoint without a zone" : `zone ${to}`;
  return `no failover rule of ${nameOf(by)} leads from zone ${from} to ${destination}: ${facts.join("; ")}`;
}

function nameOf(entry: ToEntry | undefined): string {
  return entry === undefined ? "the policy" : describePolicy(entry.policy);
}
