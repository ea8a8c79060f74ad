/** What goes into the allocation of virtual addresses and what comes out. */
import type { ResourceKey } from "@isthmus/resources";
import type { ServiceKind } from "../model/service.ts";

/** CIDRs, IPv4 or IPv6. */
export type VipRanges = Readonly<Record<ServiceKind, string>>;

export interface VipHolder extends ResourceKey {
  readonly type: ServiceKind;
  readonly creationTime: string;
  /** As its status has them. */
  readonly vips: readonly string[];
}

export interface VipAssignment {
  readonly service: ResourceKey;
  /** Empty when nothing could be had. */
  readonly vips: readonly string[];
  /** Its status has others. */
  readonly isChanged: boolean;
}

/** Addresses of a service that is gone. */
export interface RememberedVip {
  readonly service: ResourceKey;
  readonly vips: readonly string[];
}

export interface VipUsage {
  readonly kind: ServiceKind;
  readonly capacity: number;
  readonly occupied: number;
}
