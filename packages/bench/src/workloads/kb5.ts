/** KB5: N zones are connected, M resources are held, nothing changes. CPU, memory and bytes of the global. */
import { connectFleet } from "../fleet.ts";
import { cpuSeconds, residentBytes } from "../process-usage.ts";
import { round } from "../statistics.ts";
import type { System } from "../systems.ts";
import { loadServices } from "./kb1.ts";

const SETTLE_MS = 5_000;

export async function kb5(
  system: System,
  options: { readonly zones: number; readonly resources: number; readonly seconds: number },
) {
  const loader = await loadServices(system, options.resources);
  const fleet = await connectFleet(system.kdsUrl, options.zones);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const bytesBefore = fleet.zones.reduce((sum, zone) => sum + zone.receivedBytes, 0);
  const cpuBefore = cpuSeconds(system.pid);
  await new Promise((resolve) => setTimeout(resolve, options.seconds * 1000));
  const cpu = cpuSeconds(system.pid) - cpuBefore;
  const bytes = fleet.zones.reduce((sum, zone) => sum + zone.receivedBytes, 0) - bytesBefore;
  const result = {
    cpuSeconds: round(cpu),
    percentOfACore: round((cpu / options.seconds) * 100),
    residentMiB: round(residentBytes(system.pid) / 2 ** 20),
    bytes,
  };
  fleet.close();
  loader.close();
  return result;
}
