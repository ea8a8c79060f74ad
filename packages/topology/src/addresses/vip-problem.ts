/** What is wrong with ranges and addresses, for logs, metrics and the explanation of a service. Nothing is dropped in silence. */
import type { ResourceKey } from "@isthmus/resources";
import type { ServiceKind } from "../model/service.ts";
import { overlaps } from "./address-range.ts";
import type { VipPool } from "./vip-pool.ts";

export type VipProblemCode =
  /** Of ranges: no CIDR, or one that holds unusable addresses. */
  | "invalidRange"
  /** Two kinds of services draw from the same addresses; they still get different ones. */
  | "overlappingRanges"
  | "tinyRange"
  | "nearlyExhausted"
  /** Of services, that have no address: nothing is free, or their kind has no range. */
  | "exhausted"
  | "noRange"
  /** Of services that had one: taken by another and replaced, no address and replaced, outside of the range and kept. */
  | "duplicate"
  | "malformed"
  | "outOfRange";

export interface VipProblem {
  readonly code: VipProblemCode;
  readonly kind: ServiceKind;
  /** Undefined for a problem of a range. */
  readonly service: ResourceKey | undefined;
  /** One sentence. */
  readonly detail: string;
}

const TINY_RANGE_ADDRESSES = 256;
const NEARLY_EXHAUSTED_RATIO = 0.9;

/** Key of the configuration. Source: kuma v2.14.3: pkg/config/app/kuma-cp/config.go. */
export const RANGE_SETTING: Readonly<Record<ServiceKind, string>> = {
  MeshService: "ipam.meshService.cidr",
  MeshExternalService: "ipam.meshExternalService.cidr",
  MeshMultiZoneService: "ipam.meshMultiZoneService.cidr",
};

export function rangeProblems(pools: readonly VipPool[]): readonly VipProblem[] {
  return pools.flatMap((pool, index) => [
    ...ownProblems(pool),
    ...pools.slice(index + 1).flatMap((other) => overlapOf(pool, other)),
  ]);
}

function ownProblems({ kind, range, occupied }: VipPool): readonly VipProblem[] {
  const problem = (code: VipProblemCode, detail: string): VipProblem => ({
    code,
    kind,
    service: undefined,
    detail: `${RANGE_SETTING[kind]}: ${detail}`,
  });
  if (!range.ok) return [problem("invalidRange", range.error)];
  const { text, capacity } = range.value;
  const found: VipProblem[] = [];
  if (capacity < TINY_RANGE_ADDRESSES) found.push(problem("tinyRange", `${text} has only ${capacity} addresses`));
  if (occupied >= capacity * NEARLY_EXHAUSTED_RATIO) {
    found.push(problem("nearlyExhausted", `${occupied} of the ${capacity} addresses of ${text} are in use`));
  }
  return found;
}

function overlapOf(a: VipPool, b: VipPool): readonly VipProblem[] {
  if (!a.range.ok || !b.range.ok || !overlaps(a.range.value, b.range.value)) return [];
  const [first, second] = [a, b].map(({ kind }) => RANGE_SETTING[kind]);
  const detail = `${first} ${a.range.value.text} overlaps with ${second} ${b.range.value.text}`;
  return [{ code: "overlappingRanges", kind: a.kind, service: undefined, detail }];
}
