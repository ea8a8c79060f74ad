/** KB11: how the global's memory grows with zones and with resources. */
import { connectFleet } from "../fleet.ts";
import { settledBytes } from "../process-usage.ts";
import { round } from "../statistics.ts";
import type { System } from "../systems.ts";
import { loadServices } from "./kb1.ts";

export interface Kb11Result {
  readonly baseMiB: number;
  readonly loadedMiB: number;
  readonly connectedMiB: number;
  readonly doubledMiB: number;
  /** Growth by the first `zones` zones, per zone: with what the runtime takes once for the work of connecting them. */
  readonly kibPerFirstZone: number;
  /** Slope: growth by as many zones again, per zone. */
  readonly kibPerZone: number;
  readonly bytesPerResource: number;
}

export async function kb11(
  system: System,
  options: { readonly zones: number; readonly resources: number },
): Promise<Kb11Result> {
  // The first zone warms up what every later one shares: code, caches, encoded bytes.
  const warm = await connectFleet(system.kdsUrl, 1, "warm");
  const base = await settledBytes(system.pid, system.collectsOnSignal);
  const loader = await loadServices(system, options.resources);
  const loaded = await settledBytes(system.pid, system.collectsOnSignal);
  const fleet = await connectFleet(system.kdsUrl, options.zones);
  const connected = await settledBytes(system.pid, system.collectsOnSignal);
  const second = await connectFleet(system.kdsUrl, options.zones, "second");
  const doubled = await settledBytes(system.pid, system.collectsOnSignal);
  second.close();
  fleet.close();
  loader.close();
  warm.close();
  return {
    baseMiB: round(base / 2 ** 20),
    loadedMiB: round(loaded / 2 ** 20),
    connectedMiB: round(connected / 2 ** 20),
    doubledMiB: round(doubled / 2 ** 20),
    kibPerFirstZone: round((connected - loaded) / 1024 / options.zones),
    kibPerZone: round((doubled - connected) / 1024 / options.zones),
    bytesPerResource: Math.round((loaded - base) / Math.max(1, options.resources)),
  };
}
