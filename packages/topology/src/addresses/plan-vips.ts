/** All addresses at once, for a start, a test and a question what would be: the same as an allocator that saw them come. */
import { keyOf, type Resource, type ResourceKey } from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import type { ServiceKind } from "../model/service.ts";
import type { RememberedVip, VipAssignment, VipHolder, VipRanges } from "./vip.ts";
import { VipAllocator } from "./vip-allocator.ts";
import type { VipProblem } from "./vip-problem.ts";

/** Source: kuma v2.14.3: pkg/config/app/kuma-cp/config.go. */
export const DEFAULT_VIP_RANGES: VipRanges = {
  MeshService: "241.0.0.0/8",
  MeshExternalService: "242.0.0.0/8",
  MeshMultiZoneService: "243.0.0.0/8",
};

export interface VipPlan {
  /** By `keyOf` of the service; one for each. */
  readonly assignments: ReadonlyMap<string, VipAssignment>;
  readonly problems: readonly VipProblem[];
}

export function planVips(input: {
  readonly ranges: VipRanges;
  readonly holders: Iterable<VipHolder>;
  readonly remembered?: readonly RememberedVip[];
}): VipPlan {
  const allocator = new VipAllocator(input.ranges, input.remembered);
  const assignments = allocator.update({ upserted: input.holders });
  return {
    assignments: new Map(assignments.map((assignment) => [keyOf(assignment.service), assignment])),
    problems: allocator.problems(),
  };
}

/** The part of a service that its address depends on; undefined for resources of other types. */
export function vipHolder(resource: Resource): VipHolder | undefined {
  const { mesh, name, creationTime } = resource;
  const type = resource.type as ServiceKind;
  if (!Object.hasOwn(DEFAULT_VIP_RANGES, type)) return undefined;
  return { type, mesh, name, creationTime, vips: vipsIn(type, resource.status ?? {}) };
}

/** The status of that kind with these addresses: `vips[].ip`, of a MeshExternalService `vip.ip`. */
export function statusWithVips(kind: ServiceKind, status: JsonObject, vips: readonly string[]): JsonObject {
  if (kind === "MeshExternalService") return { ...status, vip: vips[0] === undefined ? {} : { ip: vips[0] } };
  const { vips: _before, ...others } = status;
  return vips.length === 0 ? others : { ...others, vips: vips.map((ip) => ({ ip })) };
}

/** What is kept of addresses between starts, as JSON. */
export function rememberedToJson(remembered: readonly RememberedVip[]): JsonValue {
  return remembered.map(({ service: { type, mesh, name }, vips }) => ({ type, mesh, name, vips }));
}

/** Entries that are none are left out. */
export function rememberedFromJson(json: JsonValue): readonly RememberedVip[] {
  if (!Array.isArray(json)) return [];
  return (json as readonly JsonValue[]).flatMap((entry) => {
    if (!isJsonObject(entry)) return [];
    const { type, mesh, name, vips } = entry;
    if (typeof type !== "string" || typeof mesh !== "string" || typeof name !== "string" || !Array.isArray(vips))
      return [];
    const service: ResourceKey = { type, mesh, name };
    return [{ service, vips: (vips as readonly JsonValue[]).filter((vip) => typeof vip === "string") }];
  });
}

function vipsIn(kind: ServiceKind, { vip, vips }: JsonObject): readonly string[] {
  const entries: readonly (JsonValue | undefined)[] =
    kind === "MeshExternalService" ? [vip] : Array.isArray(vips) ? (vips as readonly JsonValue[]) : [];
  return entries.flatMap((entry) =>
    isJsonObject(entry) && typeof entry.ip === "string" && entry.ip !== "" ? [entry.ip] : [],
  );
}
