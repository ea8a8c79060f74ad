/**
 * What a zone finds out about a MeshMultiZoneService: its members among the MeshServices of all zones, and where their ports
 * do not fit together. Source: kuma v2.14.3: pkg/core/resources/apis/meshmultizoneservice/status_updater.go. Unlike Kuma, only
 * members of its own mesh count: those of others never get its traffic.
 */
import type { Resource } from "@isthmus/resources";
import { type JsonObject, jsonEquals } from "@isthmus/std";
import type { Service, ServicePort } from "../model/service.ts";
import type { World } from "../world/world.ts";
import { type Condition, condition, withConditions } from "./conditions.ts";
import { MALFORMED, malformed, PORTS_CONFLICT } from "./service-conditions.ts";

export interface MatchedService {
  readonly name: string;
  readonly namespace: string;
  readonly zone: string;
  readonly mesh: string;
}

export interface MultiZoneFacts {
  readonly members: readonly MatchedService[];
  readonly conditions: readonly Condition[];
}

const MATCHED = "MeshServicesMatched";

/** undefined for services of other kinds. */
export function multiZoneFacts(world: World, service: Service): MultiZoneFacts | undefined {
  if (service.members === undefined) return undefined;
  const matched = world.meshServicesWith(service.members).filter(({ mesh }) => mesh === service.mesh);
  const byName = new Map(matched.map((member) => [fullName(member), member]));
  const members = [...byName.keys()].sort().flatMap((name) => byName.get(name) ?? []);
  const conflicts = service.ports.flatMap((port) => portConflicts(port, members));
  return {
    members: members.map(({ kri: { name, namespace, zone, mesh } }) => ({ name, namespace, zone, mesh })),
    conditions: [
      matchedCondition(members.length),
      ...(conflicts.length === 0 ? [] : [condition(PORTS_CONFLICT, "True", "MembersDiffer", conflicts.join("; "))]),
      ...malformed(service),
    ],
  };
}

/** The resource as the facts want it: the same object when it is so already. */
export function withMultiZoneFacts<R extends Pick<Resource, "status">>(resource: R, facts: MultiZoneFacts): R {
  const { status = {} } = resource;
  const { meshServices: _, conditions, addresses, vips, ...rest } = status;
  const members = facts.members.map((member): JsonObject => ({ ...member }));
  const written: JsonObject = {
    ...(addresses === undefined ? {} : { addresses }),
    ...(vips === undefined ? {} : { vips }),
    ...(members.length === 0 ? {} : { meshServices: members }),
    ...rest,
    ...(conditions === undefined ? {} : { conditions }),
  };
  const after = withConditions(written, facts.conditions, [PORTS_CONFLICT, MALFORMED]);
  return jsonEquals(after, resource.status) ? resource : { ...resource, status: after };
}

function matchedCondition(count: number): Condition {
  return count === 0
    ? condition(MATCHED, "False", "NoMatchesFound", "Selector does not match any MeshService in this zone")
    : condition(MATCHED, "True", "MatchesFound", `Matched ${count} MeshService(s)`);
}

/** A port leads to the port of the same number of each member. */
function portConflicts({ port, protocol }: ServicePort, members: readonly Service[]): readonly string[] {
  return members.flatMap((member) => {
    const theirs = member.ports.find((one) => one.port === port);
    if (theirs === undefined) return [`${describe(member)} has no port ${port}`];
    return theirs.protocol === protocol
      ? []
      : [`port ${port} is ${protocol}, but ${theirs.protocol} in ${describe(member)}`];
  });
}

function fullName({ kri: { name, namespace, zone, mesh } }: Service): string {
  return `${name}/${namespace}/${zone}/${mesh}`;
}

function describe({ displayName, namespace, zone }: Service): string {
  const name = namespace === "" ? displayName : `${displayName}.${namespace}`;
  return zone === "" ? name : `${name} of zone ${zone}`;
}
