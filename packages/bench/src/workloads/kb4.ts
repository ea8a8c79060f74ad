/** KB4: fresh zones connect to a global that holds M MeshServices; how long until each has all of it. */

import { MockZone } from "../mock-zone.ts";
import { cpuSeconds, residentBytes } from "../process-usage.ts";
import { round } from "../statistics.ts";
import type { System } from "../systems.ts";
import { loadServices } from "./kb1.ts";

export async function kb4(system: System, options: { readonly zones: number; readonly resources: number }) {
  const loader = await loadServices(system, options.resources);
  loader.close();
  const cpuBefore = cpuSeconds(system.pid);
  const started = performance.now();
  const zones = Array.from(
    { length: options.zones },
    (_, i) => new MockZone({ url: system.kdsUrl, name: `fresh-${i + 1}` }),
  );
  const times = await Promise.all(
    zones.map(async (zone) => {
      await zone.connect();
      const held = zone.held.get("MeshService")?.size ?? 0;
      if (held !== options.resources) throw new Error(`${zone.name} holds ${held} of ${options.resources} services`);
      return performance.now() - started;
    }),
  );
  const result = {
    firstZoneMs: round(Math.min(...times)),
    lastZoneMs: round(Math.max(...times)),
    cpuSeconds: round(cpuSeconds(system.pid) - cpuBefore),
    residentMiB: round(residentBytes(system.pid) / 2 ** 20),
    bytesPerZone: zones[0]?.receivedBytes ?? 0,
  };
  for (const zone of zones) zone.close();
  return result;
}
