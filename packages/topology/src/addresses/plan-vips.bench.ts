/** 100,000 services: a plan of all of them is to take less than a second, one more next to nothing. */
import { bench, describe } from "vitest";
import { DEFAULT_VIP_RANGES, planVips } from "./plan-vips.ts";
import type { VipHolder } from "./vip.ts";
import { VipAllocator } from "./vip-allocator.ts";

const SERVICES = 100_000;

const service = (index: number, vips: readonly string[] = []): VipHolder => ({
  type: "MeshService",
  mesh: `mesh-${index % 10}`,
  name: `service-${index}`,
  creationTime: `2026-01-01T00:00:${String(index % 60).padStart(2, "0")}.${index}Z`,
  vips,
});
const holders = Array.from({ length: SERVICES }, (_, index) => service(index));
const assigned = [...planVips({ ranges: DEFAULT_VIP_RANGES, holders }).assignments.values()].map(({ vips }, index) =>
  service(index, vips),
);
const crowded = { ...DEFAULT_VIP_RANGES, MeshService: "10.0.0.0/15" };

describe(`${SERVICES} services`, () => {
  bench("all new", () => void planVips({ ranges: DEFAULT_VIP_RANGES, holders }), { iterations: 3, time: 0 });
  bench("all with addresses", () => void planVips({ ranges: DEFAULT_VIP_RANGES, holders: assigned }), {
    iterations: 3,
    time: 0,
  });
  bench("all new, in 131,072 addresses", () => void planVips({ ranges: crowded, holders }), { iterations: 3, time: 0 });
  const ipv6 = { ...DEFAULT_VIP_RANGES, MeshService: "fd00:241::/64" };
  bench("all new, IPv6", () => void planVips({ ranges: ipv6, holders }), { iterations: 3, time: 0 });

  const allocator = new VipAllocator(DEFAULT_VIP_RANGES);
  allocator.update({ upserted: holders });
  let next = SERVICES;
  bench("one more", () => {
    next += 1;
    allocator.update({ upserted: [service(next)], removed: [service(next - 1)] });
  });
});
