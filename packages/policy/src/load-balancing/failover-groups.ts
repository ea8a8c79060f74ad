/**
 * Where a client of one zone may go when its own zone cannot serve it.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshloadbalancingstrategy/plugin/v1alpha1/priority.go, locality_aware.go.
 */
import { createHash } from "node:crypto";
import { assertNever } from "@isthmus/std";
import type { FailoverRule, FailoverTarget } from "./locality-awareness.ts";

export interface FailoverGroup {
  /** Place in the whole list, from 1. It is the priority as well, so rules for other zones leave gaps. */
  readonly rule: number;
  readonly target: FailoverTarget;
}

/** The rules for clients of a zone. */
export function failoverGroups(rules: readonly FailoverRule[], clientZone: string): readonly FailoverGroup[] {
  return rules.flatMap(({ from, to }, index) =>
    from === undefined || from.zones.includes(clientZone) ? [{ rule: index + 1, target: to }] : [],
  );
}

/** The first rule that leads to the zone. `None` leads nowhere but does not end the search. */
export function groupForZone(groups: readonly FailoverGroup[], zone: string): FailoverGroup | undefined {
  return groups.find(({ target }) => leadsTo(target, zone));
}

/** `type Only zones [east, south]` */
export function describeTarget({ type, zones }: FailoverTarget): string {
  return type === "Only" || type === "AnyExcept" ? `type ${type} zones ${describeZones(zones)}` : `type ${type}`;
}

export function describeZones(zones: readonly string[]): string {
  return `[${zones.join(", ")}]`;
}

/**
 * Locality of endpoints behind a zone egress: its name stands for the rules, so that a change of them is a change of the
 * locality, which Envoy notices.
 */
export function egressZone(groups: readonly FailoverGroup[]): string {
  const rules = groups
    .map(({ rule, target }) => {
      const zones = [...new Set(target.zones)].sort().join(",");
      switch (target.type) {
        case "None":
          return "";
        case "Any":
          return `${rule}:Any;`;
        case "Only":
          return `${rule}:${zones};`;
        case "AnyExcept":
          return `${rule}:AnyExcept:${zones};`;
        default:
          return assertNever(target.type);
      }
    })
    .join("");
  return `egress_${createHash("sha256").update(rules).digest("base64").slice(0, 8)}`;
}

function leadsTo({ type, zones }: FailoverTarget, zone: string): boolean {
  switch (type) {
    case "None":
      return false;
    case "Any":
      return true;
    case "Only":
      return zones.includes(zone);
    case "AnyExcept":
      return !zones.includes(zone);
    default:
      return assertNever(type);
  }
}
