/**
 * How many healthy instances a MeshService has, as its owner says. Towards other zones a global sends no status, so the number
 * travels as a label, which every control plane passes on and Kuma does not look at.
 *
 * A label is part of what is synced: each new value is written in every zone. So it is exact only for small numbers and coarser
 * for large ones, by at most a sixteenth, which a share of traffic does not notice.
 */
import { objectOf } from "@isthmus/resources";
import type { Service } from "./service.ts";

export const HEALTHY_INSTANCES_LABEL = "isthmus.io/healthy-instances";

/** Significant bits of the number in the label. */
const PRECISION_BITS = 4;
/** More is not believed, so that no owner can outweigh all others without end: weights of a cluster must sum up to less than 2^32. */
const INSTANCES_MAX = 100_000;
const WHOLE_NUMBER = /^\d{1,9}$/;

/** undefined where the owner does not say, such as a Kuma zone. Local services say it in their status. */
export function healthyInstancesOf(service: Service): number | undefined {
  if (service.kind !== "MeshService") return undefined;
  if (service.isLocal) return localCount(service);
  const label = service.resource.labels[HEALTHY_INSTANCES_LABEL] ?? "";
  return WHOLE_NUMBER.test(label) ? Math.min(Number(label), INSTANCES_MAX) : undefined;
}

/** Value of the label for this many; 15 and less as they are, more rounded to four significant bits. */
export function healthyInstancesLabel(healthy: number): string {
  const count = Math.min(Math.max(0, Math.trunc(healthy)), INSTANCES_MAX);
  const step = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, count))) - PRECISION_BITS + 1);
  return String(Math.round(count / step) * step);
}

function localCount(service: Service): number | undefined {
  const { status } = service.resource;
  if (status === undefined || !Object.hasOwn(status, "dataplaneProxies")) return undefined;
  // Zero is left out of the status.
  const { healthy = 0 } = objectOf(status, "dataplaneProxies");
  return typeof healthy === "number" && healthy >= 0 ? Math.min(Math.trunc(healthy), INSTANCES_MAX) : undefined;
}
