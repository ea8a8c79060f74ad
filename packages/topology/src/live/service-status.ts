/** Addresses and host names of a service in its status, beside what its facts say. */
import type { JsonObject, JsonValue } from "@isthmus/std";
import { statusWithVips } from "../addresses/plan-vips.ts";
import type { VipProblem } from "../addresses/vip-problem.ts";
import { type Hostnames, statusWithHostnames } from "../hostnames/assign-hostnames.ts";
import type { ServiceKind } from "../model/service.ts";
import { type Condition, condition, withConditions } from "../services/conditions.ts";
import type { ServiceDraft } from "../services/plan-mesh-services.ts";
import type { GivenVips } from "./vip-feed.ts";

/** Only Isthmus writes it, and only while something is wrong. */
export const VIP_ALLOCATED = "VIPAllocated";

const MEMBERS: readonly string[] = [
  "vip",
  "addresses",
  "vips",
  "tls",
  "meshServices",
  "hostnameGenerators",
  "dataplaneProxies",
  "conditions",
];
const NO_HOSTNAMES: Hostnames = { addresses: [], hostnameGenerators: [], conflicts: [] };

export function withAddresses(
  kind: ServiceKind,
  draft: ServiceDraft,
  given: GivenVips | undefined,
  hostnames: Hostnames | undefined,
): ServiceDraft {
  const named = statusWithHostnames(draft.status ?? {}, hostnames ?? NO_HOSTNAMES);
  // Not given any yet: what it has stays.
  const addressed = given === undefined ? named : statusWithVips(kind, named, given.vips);
  return {
    ...draft,
    status: inOrder(withConditions(addressed, vipConditions(given?.problems ?? []), [VIP_ALLOCATED])),
  };
}

/** Members in the order in which Kuma prints them. */
function inOrder(status: JsonObject): JsonObject {
  const known = MEMBERS.flatMap((member): [string, JsonValue][] => {
    const value = status[member];
    return value === undefined ? [] : [[member, value]];
  });
  return { ...Object.fromEntries(known), ...status };
}

/** Those that last: an address that was replaced is a matter of one moment. */
function vipConditions(problems: readonly VipProblem[]): readonly Condition[] {
  const missing = problems.find(({ code }) => code === "exhausted" || code === "noRange");
  if (missing === undefined) return [];
  const reason = missing.code === "exhausted" ? "RangeExhausted" : "NoRange";
  return [condition(VIP_ALLOCATED, "False", reason, missing.detail)];
}
